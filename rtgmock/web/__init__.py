"""The Flask application: the emulated API, its guard and its errors; the log, the journal and the control API."""
