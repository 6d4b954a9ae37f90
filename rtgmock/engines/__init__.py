"""The engines: what runs the instances' Redis servers.

- ``base`` is the interface that the use cases know, ``off`` the engine without servers; ``select`` builds the engine
  that ``--redis`` names.
- ``redis`` is the engine with real servers. It knows Redis, and runs each server through a ``runner``:
  ``process`` runs child processes, ``docker`` runs containers.
- ``docker.outages`` says what happens when Docker dies, ``redis.lifecycle`` what happens when a Redis dies.
- ``prune`` removes what emulators that died have left behind; ``ownership`` is how it knows.
"""
