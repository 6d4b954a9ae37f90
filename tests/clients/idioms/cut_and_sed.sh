password=$(echo "$REDISTOGO_URL" | sed 's|redis://redistogo:\(.*\)@.*|\1|')
host=$(echo "$REDISTOGO_URL" | cut -d@ -f2 | cut -d: -f1)
port=$(echo "$REDISTOGO_URL" | cut -d: -f4 | tr -d /)
echo "$host $port $password"
