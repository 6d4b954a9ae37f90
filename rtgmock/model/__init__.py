"""What an instance is: the tables of attributes, payloads and plans, and the lifecycle. Without I/O."""
