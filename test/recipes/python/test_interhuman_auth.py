"""What docs/recipes/cases.json cannot say: threads, forks, time-outs, and what is printed."""

import contextlib
import copy
import http.client
import io
import os
import pickle
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest
from unittest import mock

import interhuman_auth as auth
from scripted_server import ScriptedServer
from test_cases import wait_for_flights

KEY = {"key_id": "ihk_1", "key_secret": "ih_live_LEAK", "scopes": ["interhumanai.upload"]}


def grant(value, life=900):
    return {"status": 200, "json": {"access_token": value, "token_type": "Bearer", "expires_in": life, "scope": "a b"}}


UNAUTHORIZED = {"status": 401, "json": {"error_id": "ih2001", "message": "ih_live_LEAK"}}


def source(server, **options):
    return auth.TokenSource(**KEY, api_url=server.url, **options)


def together(count, work):
    results, start = [], threading.Barrier(count)

    def run():
        start.wait(10)
        try:
            results.append(work())
        except auth.TokenError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


class Threads(unittest.TestCase):
    def test_a_hundred_threads_make_one_exchange(self):
        with ScriptedServer(grant("one")) as server:
            tokens = together(100, source(server).get)
            self.assertEqual({token.value for token in tokens}, {"one"})
            self.assertEqual((len(tokens), len(server.requests)), (100, 1))

    def test_a_hundred_threads_share_one_failure_and_each_raises_its_own(self):
        with ScriptedServer(UNAUTHORIZED) as server:
            errors = together(100, source(server).get)
            self.assertEqual({error.code for error in errors}, {"unauthorized"})
            self.assertEqual((len({id(error) for error in errors}), len(server.requests)), (100, 1))

    def test_a_hundred_threads_whose_token_was_refused_get_one_new_one(self):
        with ScriptedServer(grant("one"), grant("two")) as server:
            tokens = source(server)
            old = tokens.get()

            def renew():
                tokens.invalidate(old)
                return tokens.get()

            self.assertEqual({token.value for token in together(100, renew)}, {"two"})
            self.assertEqual(len(server.requests), 2)

    def test_nobody_waits_while_a_living_token_is_renewed(self):
        go_on, clock = threading.Event(), [0.0]

        def late(connection):
            go_on.wait(10)
            connection.sendall(b"HTTP/1.1 503 Late\r\nContent-Length: 0\r\n\r\n")

        with ScriptedServer(grant("one"), late) as server:
            tokens = source(server, clocks=(lambda: clock[0], lambda: clock[0]))
            tokens.get()
            clock[0] = 850.0
            self.assertEqual([tokens.get().value for _ in range(100)], ["one"] * 100)
            go_on.set()
            wait_for_flights()
            self.assertEqual(len(server.requests), 2)

    def test_whatever_goes_wrong_ends_a_flight(self):
        tokens = auth.TokenSource(**KEY, clocks=(time.monotonic, time.time))
        with mock.patch.object(auth, "request_token", side_effect=MemoryError):
            for _ in range(2):
                with self.assertRaises(MemoryError):
                    tokens.get()

    def test_nothing_keeps_a_program_from_ending(self):
        with ScriptedServer(grant("one")) as server:
            source(server).get()
            wait_for_flights()
            self.assertEqual([each for each in threading.enumerate() if each.name == "interhuman-auth"], [])


@unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
class Forks(unittest.TestCase):
    def test_a_fork_begins_anew_even_where_the_lock_was_held(self):
        with ScriptedServer(grant("parent"), grant("child")) as server:
            tokens = source(server)
            self.assertEqual(tokens.get().value, "parent")
            reader, writer = os.pipe()
            with tokens._own_state().lock:
                child = os.fork()
                if child == 0:
                    with contextlib.suppress(BaseException):
                        os.write(writer, tokens.get().value.encode())
                    os._exit(0)
            os.close(writer)
            with os.fdopen(reader) as answer:
                self.assertEqual(answer.read(), "child")
            os.waitpid(child, 0)
            self.assertEqual(tokens.get().value, "parent")


class Waiting(unittest.TestCase):
    def expect_timeout(self, answer):
        with ScriptedServer(answer) as server:
            with self.assertRaises(auth.TransportError) as caught:
                auth.request_token(**KEY, api_url=server.url, timeout=0.3)
            self.assertEqual((caught.exception.code, len(server.requests)), ("timeout", 1))
        wait_for_flights()

    def test_the_time_is_up_when_nothing_answers(self):
        gone = threading.Event()
        self.expect_timeout(lambda connection: connection.recv(1) or gone.set())
        self.assertTrue(gone.wait(10))

    def test_the_time_is_up_when_headers_trickle(self):
        self.expect_timeout(trickle(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"))

    def test_the_time_is_up_when_the_body_trickles(self):
        self.expect_timeout(trickle(b"HTTP/1.1 200 OK\r\n\r\n", b" "))

    def test_a_body_without_end_is_cut_off(self):
        with ScriptedServer(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (3 << 20))) as server:
            with self.assertRaises(auth.TransportError):
                auth.request_token(**KEY, api_url=server.url)


def trickle(start, more):
    def answer(connection):
        connection.sendall(start)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(more)
                time.sleep(0.02)

    return answer


class Strictness(unittest.TestCase):
    def test_the_bytes_are_handed_on_as_they_came(self):
        body = '\ufeff{"access_token" : "é"}\r\n\0'
        answer = {"status": 418, "headers": {"X-A": "b"}, "body": body}
        with ScriptedServer(answer) as server:
            response = auth.request_token(**KEY, api_url=server.url)
        self.assertEqual((response.status, response.headers.get("x-a"), response.body), (418, "b", body.encode()))

    def test_no_proxy_of_the_environment_is_taken(self):
        names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        with ScriptedServer(grant("one")) as server, mock.patch.dict(os.environ, dict.fromkeys(names, "http://127.0.0.1:9")):
            self.assertEqual(auth.request_token(**KEY, api_url=server.url).status, 200)

    def test_a_mistake_is_told_before_anything_is_sent(self):
        mistakes = [{"key_id": ""}, {"key_secret": None}, {"scopes": "interhumanai.upload"}, {"scopes": []}, {"scopes": [1]}]
        for mistake in [*mistakes, {"api_version": "v9"}, {"timeout": 0}]:
            with self.subTest(mistake), self.assertRaises(ValueError) as caught:
                auth.request_token(**{**KEY, "api_url": "http://127.0.0.1:9", **mistake})
            self.assertNotIn("LEAK", str(caught.exception))


@unittest.skipUnless(shutil.which("openssl"), "there is no openssl to make a certificate with")
class Certificates(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certificate, key = (os.path.join(folder.name, name) for name in ("certificate.pem", "key.pem"))
        names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", self.certificate, *names]
        subprocess.run(["openssl", "req", "-x509", *made], check=True, capture_output=True, timeout=30)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)

    def test_a_certificate_that_nobody_vouches_for_gets_no_secret(self):
        with ScriptedServer(grant("one"), tls=self.tls) as server:
            with self.assertRaises(auth.TransportError) as caught:
                auth.request_token(**KEY, api_url=server.url)
            self.assertEqual((caught.exception.code, caught.exception.retryable, server.requests), ("tls", False, []))

    def test_ssl_cert_file_vouches_for_one(self):
        with ScriptedServer(grant("one"), tls=self.tls) as server:
            with mock.patch.dict(os.environ, SSL_CERT_FILE=self.certificate):
                self.assertEqual(auth.request_token(**KEY, api_url=server.url).status, 200)

    def test_the_time_is_up_in_the_middle_of_tls_as_well(self):
        with ScriptedServer(trickle(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"), tls=self.tls) as server:
            with mock.patch.dict(os.environ, SSL_CERT_FILE=self.certificate), self.assertRaises(auth.TransportError) as caught:
                auth.request_token(**KEY, api_url=server.url, timeout=0.5)
            self.assertEqual(caught.exception.code, "timeout")
        wait_for_flights()


class Origins(unittest.TestCase):
    def test_a_token_goes_to_its_origin_only(self):
        origin = "https://api.interhuman.ai"
        for url in ["https://api.interhuman.ai/v0/a?b#c", "HTTPS://API.interhuman.ai:443/", "https://api.interhuman.ai"]:
            self.assertTrue(auth.is_same_origin(url, origin), url)
        others = ["http://api.interhuman.ai/", "https://api.interhuman.ai:444/", "https://api.interhuman.ai.evil.example/"]
        others += ["https://api.interhuman.ai@evil.example/", "https:\\\\api.interhuman.ai", "//api.interhuman.ai", "", None]
        for url in others:
            self.assertFalse(auth.is_same_origin(url, origin), url)
        self.assertFalse(auth.is_same_origin("http://192.0.2.1/", "http://192.0.2.1"))
        self.assertTrue(auth.is_same_origin("http://[::1]:4800/a", "http://[::1]:4800"))


class Secrets(unittest.TestCase):
    def test_nothing_that_is_printed_shows_a_secret_or_a_token(self):
        with ScriptedServer(grant("token-LEAK"), grant("token-LEAK")) as server:
            tokens = source(server)
            for each in (tokens, tokens.get(), auth.request_token(**KEY, api_url=server.url)):
                shown = f"{each!r} {each} {[each]} {getattr(each, '__dict__', '')}"
                self.assertNotIn("LEAK", shown)
                for forbidden in (pickle.dumps, copy.copy, copy.deepcopy):
                    with self.assertRaises(TypeError) as caught:
                        forbidden(each)
                    self.assertNotIn("LEAK", str(caught.exception))

    def test_an_error_shows_no_word_of_the_answer_and_can_be_pickled(self):
        with ScriptedServer(UNAUTHORIZED) as server:
            with self.assertRaises(auth.RefusalError) as caught:
                source(server).get()
        error = caught.exception
        self.assertIn(b"LEAK", error.raw_body)
        shown = [repr(error), str(error), str(vars(error)), str(error.args), "".join(traceback.format_exception(
            type(error), error, error.__traceback__))]  # fmt: skip
        self.assertNotIn("LEAK", "".join(shown))
        self.assertEqual((error.__cause__, error.__context__), (None, None))
        self.assertNotIn(b"LEAK", pickle.dumps(error))
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), str(again), again.error_id), (type(error), str(error), "ih2001"))

    def test_a_debug_level_of_http_client_prints_no_body(self):
        printed = io.StringIO()
        with ScriptedServer(grant("token-LEAK")) as server, contextlib.redirect_stdout(printed):
            with mock.patch.object(http.client.HTTPConnection, "debuglevel", 1):
                auth.request_token(**KEY, api_url=server.url)
        self.assertEqual(printed.getvalue(), "")

    def test_a_traceback_with_variables_shows_no_secret_of_a_source(self):
        with ScriptedServer(UNAUTHORIZED) as server:
            try:
                source(server).get()
            except auth.TokenError as error:
                told = traceback.TracebackException(type(error), error, error.__traceback__, capture_locals=True)
        self.assertNotIn("LEAK", "".join(told.format()))


class RealService(unittest.TestCase):
    def setUp(self):
        if "INTERHUMAN_API_URL" not in os.environ:
            self.skipTest("INTERHUMAN_API_URL names no service")

    def request(self, **changes):
        names = {"key_id": "INTERHUMAN_KEY_ID", "key_secret": "INTERHUMAN_KEY_SECRET", "api_url": "INTERHUMAN_API_URL"}
        return {**{name: os.environ[variable] for name, variable in names.items()}, **changes}

    def test_the_service_gives_a_token(self):
        for version in ("v0", "v1"):
            token = auth.TokenSource(**self.request(scopes=["interhumanai.stream"], api_version=version)).get()
            self.assertEqual((token.scopes, token.expires_in), (("interhumanai.stream",), 900.0))

    def test_the_service_refuses_a_wrong_secret(self):
        with self.assertRaises(auth.RefusalError) as caught:
            auth.TokenSource(**self.request(scopes=["interhumanai.upload"], key_secret="ih_live_LEAK")).get()
        error = caught.exception
        self.assertEqual((error.code, error.status, error.error_id, error.retryable), ("unauthorized", 401, "ih2001", False))
        self.assertRegex(error.correlation_id, r"[\w-]{36}")


if __name__ == "__main__":
    print(sys.version)
    unittest.main()
