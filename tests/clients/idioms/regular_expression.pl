use strict;
use warnings;

my ($password, $host, $port) = $ENV{REDISTOGO_URL} =~ m{redistogo:(.+)@(.+):(\d+)};
print "$host $port $password\n";
