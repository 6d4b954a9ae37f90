_, _, rest, port = ENV["REDISTOGO_URL"].split(":")
password, host = rest.split("@")
puts [host, port.to_i, password].join(" ")
