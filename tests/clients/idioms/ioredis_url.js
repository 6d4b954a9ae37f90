const Redis = require("ioredis");
const client = new Redis(process.env.REDISTOGO_URL, { maxRetriesPerRequest: 0, retryStrategy: null });
client.ping().then(console.log).then(() => client.quit());
