"""HTTP and TLS, by waitress."""
