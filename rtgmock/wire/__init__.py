"""What goes over the wire: formats, decoding, encoding. Plain functions: no I/O, no clock, no chance."""
