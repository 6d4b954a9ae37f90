ENV["REDISTOGO_URL"] =~ %r{\Aredis://redistogo:(\h+)@([\w.-]+):(\d+)/\z}
puts [$2, $3, $1].join(" ")
