"""What several test modules share. Nothing in here asserts; tests do."""
