"""What goes over the wire: endpoints, formats, decoding and encoding. Plain functions without I/O, clock or chance."""
