begin
  require "redis"
rescue LoadError
  exit 69
end

puts Redis.new(:url => ENV["REDISTOGO_URL"]).ping
