"""What runs the instances' Redis servers: nothing, processes, or containers."""
