"""What every real Redis server has in common."""
