"""Redis servers as child processes of the emulator."""
