"""Holds interhuman_auth.py to docs/recipes/cases.json, as client/test/cases.test.ts holds the client."""

import json
import threading
import unittest
from pathlib import Path

import interhuman_auth as auth
from scripted_server import ScriptedServer

CASES = json.loads((Path(__file__).parents[3] / "docs/recipes/cases.json").read_text("utf-8"))


def describe(error):
    seen = {"class": type(error).__name__, "code": error.code, "retryable": error.retryable, "status": error.status}
    seen.update(error_id=error.error_id, correlation_id=error.correlation_id, retry_after_seconds=error.retry_after)
    return {name: value for name, value in seen.items() if value is not None}


class Exchange(unittest.TestCase):
    def run_case(self, case):
        request = {**CASES["request"], **case.get("request", {})}
        prefix = request.pop("prefix", "")
        with ScriptedServer(case["answer"]) as server:
            try:
                token = auth.read_token(auth.request_token(api_url=server.url + prefix, **request))
            except auth.TokenError as error:
                self.assertEqual({"error": describe(error)}, case["outcome"])
                self.assertNotIn("LEAK", f"{error!r} {error} {vars(error)}")
            else:
                seen = {"value": token.value, "expires_in_seconds": token.expires_in, "scopes": list(token.scopes)}
                self.assertEqual({"token": seen}, case["outcome"])
        self.assertEqual(len(server.requests), 1)
        sent, expected = server.requests[0], case.get("sent", {})
        self.assertEqual(sent["method"], "POST")
        seen = {"path": sent["path"], "body": sent["body"].decode()}
        seen.update(content_type=sent["headers"]["content-type"], accept_encoding=sent["headers"]["accept-encoding"])
        self.assertEqual({name: seen[name] for name in expected}, expected)


class Addresses(unittest.TestCase):
    def run_case(self, case):
        request = {**CASES["request"], "api_url": case["api_url"]}
        try:
            auth.request_token(**request)
        except ValueError as error:
            outcome, text = "mistake", str(error)
        except auth.TransportError as error:
            outcome, text = error.code, str(error)
        self.assertEqual(outcome, case["outcome"])
        self.assertNotIn("LEAK", text)


class Source(unittest.TestCase):
    def run_case(self, case):
        clocks = [1000.0, 1_700_000_000.0]
        with ScriptedServer(*case["answers"]) as server:
            source = auth.TokenSource(
                **CASES["request"],
                api_url=server.url,
                clocks=(lambda: clocks[0], lambda: clocks[1]),
                randomness=lambda: 0.5,
            )
            tokens = {}
            for step in case["steps"]:
                clocks[0] += step.get("after", step.get("monotonic", 0))
                clocks[1] += step.get("after", step.get("wall", 0))
                if "drop" in step:
                    source.invalidate(tokens[step["drop"]])
                    continue
                with self.subTest(step=step):
                    try:
                        token = source.get(min_validity=step.get("min_validity_seconds", 0))
                        tokens[token.value] = token
                        seen = {"gives": token.value}
                    except auth.TokenError as error:
                        seen = {"error": error.code}
                    wait_for_flights()
                    seen["exchanges"] = len(server.requests)
                    self.assertEqual(seen, {name: step[name] for name in ("gives", "error", "exchanges") if name in step})


def wait_for_flights():
    for thread in threading.enumerate():
        if thread.name == "interhuman-auth":
            thread.join(20)


def add_tests(to, cases, name_of):
    for number, case in enumerate(cases):
        setattr(to, f"test_{number:03}", lambda self, case=case: self.run_case(case))
        getattr(to, f"test_{number:03}").__doc__ = name_of(case)


add_tests(Exchange, CASES["exchange"], lambda case: case["name"])
add_tests(Addresses, CASES["addresses"], lambda case: case["api_url"])
add_tests(Source, CASES["source"], lambda case: case["name"])

if __name__ == "__main__":
    unittest.main()
