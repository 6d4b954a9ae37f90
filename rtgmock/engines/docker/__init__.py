"""Redis servers in Docker containers: one container and one volume per instance, one network per state.

What happens when the Docker engine dies or hangs is in ``outages``. ``factory`` decides between ``runner``, for an
emulator on a host, and ``sibling_runner``, for an emulator that is itself in a container of the same engine.
"""
