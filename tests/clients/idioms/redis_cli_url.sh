redis-cli -u "$REDISTOGO_URL" ping
