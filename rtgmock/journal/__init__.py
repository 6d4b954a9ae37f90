"""The request journal."""
