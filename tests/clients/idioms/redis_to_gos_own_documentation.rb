# Redis To Go's own documentation, for Rails: config/initializers/redis.rb
begin
  require "redis"
rescue LoadError
  exit 69
end
require "uri"

uri = URI.parse(ENV["REDISTOGO_URL"])
REDIS = Redis.new(:host => uri.host, :port => uri.port, :password => uri.password)
puts REDIS.ping
