// A port of four digits, without the slash behind it
const parts = process.env.REDISTOGO_URL.split(":");
console.log(parts[2].split("@")[1], parts[3].substring(0, 4), parts[2].split("@")[0]);
