"""The emulated API as an OpenAPI document, made from the tables of attributes, plans and errors. No I/O."""
