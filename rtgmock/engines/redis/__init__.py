"""The engine with real Redis servers: everything that depends on Redis, and not on what runs its servers.

``lifecycle`` starts servers and restarts lost ones, ``changes`` applies a change to a running server or rolls it back.
"""
