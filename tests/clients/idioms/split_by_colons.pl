use strict;
use warnings;

my ($password, $host) = split /@/, (split /:/, $ENV{REDISTOGO_URL})[2];
my $port = int substr((split /:/, $ENV{REDISTOGO_URL})[3], 0, 4);
print "$host $port $password\n";
