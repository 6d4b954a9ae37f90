"""The state: TinyDB and the file that survives a crash."""
