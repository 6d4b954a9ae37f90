"""What Flask serves: the emulated API, its guard, its errors, and the emulator's own health."""
