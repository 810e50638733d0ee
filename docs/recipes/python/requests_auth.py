"""The token for requests: `session.auth = InterhumanAuth(source, "https://api.interhuman.ai")`.

It goes to that origin only. After a 401 that refuses it a body that can be repeated, an open file too, goes once more with a
new one; a stream is never sent twice, so for one a token is asked for that lives five minutes.
"""

from functools import partial

import requests
from interhuman_auth import carry, find_rewind, is_same_origin


class InterhumanAuth(requests.auth.AuthBase):
    def __init__(self, source, origin):
        self.source, self.origin = source, origin

    def __call__(self, request):
        if is_same_origin(request.url, self.origin):
            rewind = find_rewind(request.body)
            token = self.source.get(0 if rewind else 300)
            carry(request, token).register_hook("response", partial(self.send_again, token, rewind))
        return request

    def send_again(self, token, rewind, response, **options):
        if not self.source.is_refused(token, response) or not rewind:
            return response
        rewind()
        response.content, response.close()
        return response.connection.send(carry(response.request, self.source.get()), **options)
