"""Redis servers in containers."""
