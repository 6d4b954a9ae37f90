"""The use cases: what clients and tests can do with instances."""
