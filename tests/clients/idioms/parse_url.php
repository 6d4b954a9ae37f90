<?php
$url = parse_url(getenv('REDISTOGO_URL'));
echo "{$url['host']} {$url['port']} {$url['pass']}\n";
