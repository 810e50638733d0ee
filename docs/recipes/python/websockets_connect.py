"""A stream with the token: `async with connect(source, "wss://api.interhuman.ai/v0/stream/analyze") as stream:`.

The source is asked for each connection; after a 401 that refuses the token, once more. No redirect is followed, since the
header would go along. A close with 4003 says that the token lacks the scope, 1013 to come again later.
"""

import asyncio
import inspect
from contextlib import asynccontextmanager

import websockets
from interhuman_auth import is_same_origin

_NAMES = inspect.signature(websockets.connect).parameters
_HEADERS = "additional_headers" if "additional_headers" in _NAMES else "extra_headers"  # before websockets 14


class _Connect(websockets.connect):
    def handle_redirect(self, uri):  # before websockets 14
        raise websockets.InvalidURI(uri, "the handshake was answered with a redirect")

    def process_redirect(self, exc):
        return exc


@asynccontextmanager
async def connect(source, url, **options):
    address = url.replace("ws", "http", 1).partition("?")[0]
    if not is_same_origin(address, address):
        raise ValueError("a stream must be wss, or ws to this machine")
    for last in (False, True):
        token = await asyncio.to_thread(source.get, 60)
        try:
            stream = await _Connect(url, **{_HEADERS: {"Authorization": f"Bearer {token.value}"}}, **options)
            break
        except websockets.InvalidHandshake as refusal:
            if last or getattr(getattr(refusal, "response", refusal), "status_code", None) != 401:
                raise
            source.invalidate(token)
    try:
        yield stream
    finally:
        await stream.close()
