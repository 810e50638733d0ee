"""The adapters before scripted answers, and before the real service and the guard where the environment names them."""

import asyncio
import importlib.util
import io
import os
import unittest

import interhuman_auth as auth
from scripted_server import ScriptedServer
from test_interhuman_auth import KEY, grant

REFUSED = {"status": 401, "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'}, "body": ""}
DONE = {"status": 200, "body": "done"}


def needs(module):
    found = importlib.util.find_spec(module) is not None
    return unittest.skipUnless(found, f"python3 has no {module} on this machine")


def carried(server):
    return [each["headers"].get("authorization") for each in server.requests]


class Twice:
    """What is promised of both HTTP clients. `post(url, origin, source, body, follow)` gives the answer's status."""

    def expect(self, answers, body, status, *tokens, exchanges=2):
        with ScriptedServer(grant("one"), grant("two")) as service, ScriptedServer(*answers) as server:
            source = auth.TokenSource(**KEY, api_url=service.url)
            self.assertEqual(self.post(server.url + "/a", server.url, source, body), status)
            self.assertEqual(carried(server), [f"Bearer {token}" for token in tokens])
            self.assertEqual(len(service.requests), exchanges)
            return server.requests

    def test_the_token_is_sent(self):
        self.expect([DONE], b"body", 200, "one", exchanges=1)

    def test_after_a_401_that_refuses_the_token_it_goes_once_more(self):
        requests = self.expect([REFUSED, DONE], b"body", 200, "one", "two")
        self.assertEqual([each["body"] for each in requests], [b"body", b"body"])

    def test_a_second_401_is_handed_on(self):
        self.expect([REFUSED, REFUSED], b"body", 401, "one", "two")

    def test_another_401_is_left_alone(self):
        self.expect([{"status": 401, "body": ""}], b"body", 401, "one", exchanges=1)

    def test_a_403_is_left_alone(self):
        self.expect([{**REFUSED, "status": 403}], b"body", 403, "one", exchanges=1)

    def test_another_origin_gets_no_token(self):
        with ScriptedServer() as service, ScriptedServer(REFUSED) as server:
            source = auth.TokenSource(**KEY, api_url=service.url)
            self.assertEqual(self.post(server.url, "https://api.interhuman.ai", source, b""), 401)
            self.assertEqual((carried(server), service.requests), ([None], []))

    def test_a_redirect_elsewhere_gets_no_token(self):
        with ScriptedServer(REFUSED) as other, ScriptedServer(grant("one")) as service:
            moved = {"status": 302, "headers": {"Location": f"http://localhost:{other.url.rpartition(':')[2]}/"}, "body": ""}
            with ScriptedServer(moved) as server:
                source = auth.TokenSource(**KEY, api_url=service.url)
                self.assertEqual(self.post(server.url, server.url, source, b"", follow=True), 401)
            self.assertEqual(carried(other), [None])

    def test_the_real_service_and_the_guard_take_it(self):
        source, url = real(self, "interhumanai.upload")
        self.assertEqual(self.post(url + "/v0/upload/analyze", url, source, b"video"), 200)


def real(test, scope):
    if "ANALYZERS_URL" not in os.environ:
        test.skipTest("ANALYZERS_URL names nothing that takes tokens")
    key = {name: os.environ["INTERHUMAN_" + name.upper()] for name in ("key_id", "key_secret", "api_url")}
    return auth.TokenSource(**key, scopes=[scope]), os.environ["ANALYZERS_URL"]


@needs("httpx")
class Httpx(Twice, unittest.TestCase):
    def post(self, url, origin, source, body, follow=False):
        import httpx
        from httpx_auth import InterhumanAuth

        with httpx.Client(auth=InterhumanAuth(source, origin), follow_redirects=follow) as client:
            return client.post(url, content=body).status_code

    def test_a_stream_is_never_sent_twice(self):
        self.expect([REFUSED], iter([b"a", b"b"]), 401, "one", exchanges=1)


@needs("httpx")
class HttpxAsync(Twice, unittest.TestCase):
    def post(self, url, origin, source, body, follow=False):
        import httpx
        from httpx_auth import InterhumanAuth

        async def run():
            async with httpx.AsyncClient(auth=InterhumanAuth(source, origin), follow_redirects=follow) as client:
                return (await client.post(url, content=body)).status_code

        return asyncio.run(run())


@needs("requests")
class Requests(Twice, unittest.TestCase):
    def post(self, url, origin, source, body, follow=False):
        import requests
        from requests_auth import InterhumanAuth

        with requests.Session() as session:
            session.auth = InterhumanAuth(source, origin)
            return session.post(url, data=body, allow_redirects=follow).status_code

    def test_a_stream_is_never_sent_twice(self):
        self.expect([REFUSED], (chunk for chunk in [b"a", b"b"]), 401, "one", exchanges=1)

    def test_a_file_goes_again_from_where_it_began(self):
        file = io.BytesIO(b"leave this; send that")
        file.seek(12)
        requests = self.expect([REFUSED, DONE], file, 200, "one", "two")
        self.assertEqual([each["body"] for each in requests], [b"send that", b"send that"])

    def test_a_pipe_is_a_stream(self):
        read, write = os.pipe()
        os.write(write, b"body")
        os.close(write)
        with open(read, "rb") as pipe:
            self.expect([REFUSED], pipe, 401, "one", exchanges=1)


async def opened(source, url):
    from websockets_connect import connect

    async with connect(source, url):
        pass


@needs("websockets")
class Websockets(unittest.TestCase):
    def test_a_refused_token_is_replaced_once(self):
        from websockets import InvalidHandshake

        with ScriptedServer(grant("one"), grant("two")) as service, ScriptedServer(REFUSED, REFUSED) as server:
            source = auth.TokenSource(**KEY, api_url=service.url)
            with self.assertRaises(InvalidHandshake):
                asyncio.run(opened(source, f"ws://{server.origin}/v0/stream/analyze"))
            self.assertEqual(carried(server), ["Bearer one", "Bearer two"])

    def test_another_401_is_left_alone(self):
        from websockets import InvalidHandshake

        with ScriptedServer(grant("one")) as service, ScriptedServer({"status": 401, "body": ""}) as server:
            with self.assertRaises(InvalidHandshake):
                source = auth.TokenSource(**KEY, api_url=service.url)
                asyncio.run(opened(source, f"ws://{server.origin}/v0/stream/analyze"))
            self.assertEqual((carried(server), len(service.requests)), (["Bearer one"], 1))

    def test_no_redirect_is_followed(self):
        with ScriptedServer(grant("one")) as service, ScriptedServer() as other:
            moved = {"status": 302, "headers": {"Location": f"ws://localhost:{other.url.rpartition(':')[2]}/"}, "body": ""}
            with ScriptedServer(moved) as server:
                with self.assertRaises(Exception):
                    asyncio.run(opened(auth.TokenSource(**KEY, api_url=service.url), f"ws://{server.origin}/"))
            self.assertEqual(other.requests, [])

    def test_plain_ws_to_another_machine_is_refused(self):
        with self.assertRaises(ValueError):
            asyncio.run(opened(None, "ws://192.0.2.1/v0/stream/analyze"))

    def test_what_fails_in_the_stream_is_not_tried_again(self):
        from websockets import InvalidHandshake
        from websockets_connect import connect

        source, url = real(self, "interhumanai.stream")
        failure, before = InvalidHandshake("of another stream"), source.get()
        failure.status_code, failure.headers = 401, REFUSED["headers"]

        async def run():
            async with connect(source, url.replace("http", "ws", 1) + "/v0/stream/analyze"):
                raise failure

        with self.assertRaises(InvalidHandshake) as caught:
            asyncio.run(run())
        self.assertIs(caught.exception, failure)
        self.assertIs(source.get(), before)

    def test_the_real_service_and_the_guard_take_it(self):
        from websockets_connect import connect

        source, url = real(self, "interhumanai.stream")

        async def run():
            async with connect(source, url.replace("http", "ws", 1) + "/v0/stream/analyze") as stream:
                await stream.send(b"frame")
                return await asyncio.wait_for(stream.recv(), 10)

        self.assertEqual(asyncio.run(run()), b"frame")


del Twice  # only what inherits from it is run

if __name__ == "__main__":
    unittest.main()
