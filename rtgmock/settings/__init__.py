"""The settings: their table, how each is read, and as options of a command line."""
