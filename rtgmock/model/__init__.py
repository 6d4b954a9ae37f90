"""What an instance is: tables without I/O."""
