"""The token for httpx: `httpx.Client(auth=InterhumanAuth(source, "https://api.interhuman.ai"))`, or an AsyncClient.

It goes to that origin only. After a 401 that refuses it a body that can be repeated goes once more with a new one; a stream
is never sent twice, so for one a token is asked for that lives five minutes.
"""

import asyncio

import httpx
from interhuman_auth import carry, is_same_origin


class InterhumanAuth(httpx.Auth):
    def __init__(self, source, origin):
        self.source, self.origin = source, origin

    def sync_auth_flow(self, request):
        mine, again = is_same_origin(request.url, self.origin), isinstance(request.stream, httpx.ByteStream)
        token = self.source.get(0 if again else 300) if mine else None
        if self.source.is_refused(token, (yield carry(request, token))) and again:
            yield carry(request, self.source.get())

    async def async_auth_flow(self, request):
        mine, again = is_same_origin(request.url, self.origin), isinstance(request.stream, httpx.ByteStream)
        token = await asyncio.to_thread(self.source.get, 0 if again else 300) if mine else None
        if self.source.is_refused(token, (yield carry(request, token))) and again:
            yield carry(request, await asyncio.to_thread(self.source.get))
