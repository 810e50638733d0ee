curl -X POST https://api.interhuman.ai/v0/auth \
  -H "Content-Type: application/json" \
  -d '{
    "key_id": "your_key_id",
    "key_secret": "your_key_secret",
    "scopes": ["interhumanai.upload"]
  }'
