const client = require("redis").createClient({ url: process.env.REDISTOGO_URL, socket: { reconnectStrategy: false } });
client.connect().then(() => client.ping()).then(console.log).then(() => client.close());
