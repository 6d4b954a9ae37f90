"""Error bodies that several clients are tested to receive."""

TOO_LARGE = "The body is larger than 1048576 bytes, which is the most that is read.\n"
