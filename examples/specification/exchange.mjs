// biome-ignore-all format: kept as the specification has it
const response = await fetch("https://api.interhuman.ai/v0/auth", {
  method: "POST",
  headers: {
    "Content-Type": "application/json"
  },
  body: JSON.stringify({
    key_id: "your_key_id",
    key_secret: "your_key_secret",
    scopes: ["interhumanai.upload"]
  })
});

const json = await response.json();
console.log(json);
