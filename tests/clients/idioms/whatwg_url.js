const { hostname, port, password } = new URL(process.env.REDISTOGO_URL);
console.log(hostname, port, password);
