"""The token for requests: `session.auth = InterhumanAuth(source, "https://api.interhuman.ai")`."""

from functools import partial

import requests
from interhuman_auth import is_same_origin


class InterhumanAuth(requests.auth.AuthBase):
    """Sends it to `origin` only; after a 401 that refuses it, once more with a new one if the body can be repeated."""

    def __init__(self, source, origin):
        self.source, self.origin = source, origin

    def __call__(self, request):
        if is_same_origin(request.url, self.origin):
            start = request.body.tell() if hasattr(request.body, "seek") else None
            again = start is not None or isinstance(request.body, (bytes, str, type(None)))
            token = self.source.get(0 if again else 300)  # a stream cannot be sent twice
            request.headers["Authorization"] = f"Bearer {token.value}"
            request.register_hook("response", partial(self.send_again, token, start, again))
        return request

    def send_again(self, token, start, again, response, **options):
        request, challenge = response.request, response.headers.get("WWW-Authenticate", "")
        carried = request.headers.get("Authorization") == f"Bearer {token.value}"
        if response.status_code != 401 or "invalid_token" not in challenge or not carried:
            return response
        self.source.invalidate(token)
        if not again:
            return response
        if start is not None:
            request.body.seek(start)
        response.content, response.close()
        request.headers["Authorization"] = f"Bearer {self.source.get().value}"
        return response.connection.send(request, **options)
