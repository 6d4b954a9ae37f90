const parts = process.env.REDISTOGO_URL.match(/^redis:\/\/redistogo:(.+)@(.+):([0-9]+)\/$/);
console.log(parts[2], parts[3], parts[1]);
