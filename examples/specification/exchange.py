import requests

response = requests.post(
    "https://api.interhuman.ai/v0/auth",
    json={
        "key_id": "your_key_id",
        "key_secret": "your_key_secret",
        "scopes": ["interhumanai.upload"]
    }
)

# Return the raw JSON response
print(response.json())
