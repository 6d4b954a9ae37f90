// Heroku's documentation of the add-on, for Node
const rtg = require("url").parse(process.env.REDISTOGO_URL);
console.log(rtg.hostname, rtg.port, rtg.auth.split(":")[1]);
