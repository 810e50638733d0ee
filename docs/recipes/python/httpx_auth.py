"""The token for httpx: `httpx.Client(auth=InterhumanAuth(source, "https://api.interhuman.ai"))`, or an AsyncClient."""

import asyncio

import httpx
from interhuman_auth import is_same_origin


class InterhumanAuth(httpx.Auth):
    """Sends it to `origin` only; after a 401 that refuses it, once more with a new one if the body can be repeated."""

    def __init__(self, source, origin):
        self.source, self.origin = source, origin

    def sync_auth_flow(self, request):
        token = self.source.get(self.life(request)) if is_same_origin(request.url, self.origin) else None
        if self.is_spent(token, request, (yield self.carry(token, request))):
            yield self.carry(self.source.get(), request)

    async def async_auth_flow(self, request):
        mine = is_same_origin(request.url, self.origin)
        token = await asyncio.to_thread(self.source.get, self.life(request)) if mine else None
        if self.is_spent(token, request, (yield self.carry(token, request))):
            yield self.carry(await asyncio.to_thread(self.source.get), request)

    def life(self, request):
        return 0 if isinstance(request.stream, httpx.ByteStream) else 300  # a stream cannot be sent twice

    def carry(self, token, request):
        if token:
            request.headers["Authorization"] = f"Bearer {token.value}"
        return request

    def is_spent(self, token, request, response):
        carried = token and response.request.headers.get("Authorization") == f"Bearer {token.value}"  # no redirect's answer
        spent = response.status_code == 401 and "invalid_token" in response.headers.get("WWW-Authenticate", "")
        if carried and spent:
            self.source.invalidate(token)
        return carried and spent and isinstance(request.stream, httpx.ByteStream)
