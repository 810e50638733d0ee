"""A stream with the token: `async with connect(source, "wss://api.interhuman.ai/v0/stream/analyze") as stream:`.

The source is asked for each connection; after a 401 that refuses the token, once more. No redirect is followed, since the
header would go along. A close with 4003 says that the token lacks the scope, 1013 to come again later.
"""

import asyncio
import inspect
from functools import partial

import websockets
from interhuman_auth import check_stream_url

# `extra_headers` before websockets 14, `additional_headers` since.
_HEADERS = next(name for name in inspect.signature(websockets.connect).parameters if name.endswith("_headers"))


class connect(websockets.connect):
    # A redirect is an error: the first says so before websockets 14, the second since.
    MAX_REDIRECTS_ALLOWED, process_redirect = 1, lambda self, refusal: refusal

    def __init__(self, source, url, **options):
        check_stream_url(url)
        self._source, self._prepare = source, partial(super().__init__, url, **options)

    async def __aenter__(self, last=False):
        token = await asyncio.to_thread(self._source.get, 60)
        self._prepare(**{_HEADERS: {"Authorization": f"Bearer {token.value}"}})
        try:
            return await super().__aenter__()
        except websockets.InvalidHandshake as refusal:
            if last or not self._source.is_refused(token, refusal):
                raise
        return await self.__aenter__(last=True)
