import os

import redis

client = redis.from_url(os.getenv("REDISTOGO_URL", "redis://localhost:6379"))
print("PONG" if client.ping() else "nothing")
