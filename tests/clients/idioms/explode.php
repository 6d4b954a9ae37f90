<?php
list(, , $rest, $port) = explode(':', getenv('REDISTOGO_URL'));
list($password, $host) = explode('@', $rest);
echo $host . ' ' . (int) $port . ' ' . $password . "\n";
