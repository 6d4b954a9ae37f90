"""Redis servers as child processes."""
