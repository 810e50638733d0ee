"""A stream with the token: `async with connect(source, "wss://api.interhuman.ai/v0/stream/analyze") as stream:`."""

import asyncio
import inspect
from contextlib import asynccontextmanager

import websockets
from interhuman_auth import is_same_origin

_HEADERS = "additional_headers" if "additional_headers" in inspect.signature(websockets.connect).parameters else "extra_headers"


class _Connect(websockets.connect):
    """Follows no redirect, since the header would go along: the first name is that of websockets before 14."""

    def handle_redirect(self, uri):
        raise websockets.InvalidURI(uri, "the handshake was answered with a redirect")

    def process_redirect(self, exc):
        return exc


@asynccontextmanager
async def connect(source, url, **options):
    """Opens `url`; after a 401 that refuses the token, once more with a new one. Ask again for each connection."""
    address = url.replace("ws", "http", 1)
    if not is_same_origin(address, address.partition("?")[0]):
        raise ValueError("a stream must be wss, or ws to this machine")
    for last in (False, True):
        token = await asyncio.to_thread(source.get, 60)
        try:
            stream = await _Connect(url, **{_HEADERS: {"Authorization": f"Bearer {token.value}"}}, **options)
            break
        except websockets.InvalidHandshake as refusal:
            answer = getattr(refusal, "response", refusal)
            if last or getattr(answer, "status_code", None) != 401:
                raise
            source.invalidate(token)
    try:
        yield stream
    finally:
        await stream.close()
