"""Interhuman access tokens with the standard library alone, for Python 3.9 or newer. Copy this file.

    source = TokenSource(key_id, key_secret, ["interhumanai.upload"])
    headers = {"Authorization": "Bearer " + source.get().value}    # in asyncio: await asyncio.to_thread(source.get)

`request_token` is strict: one POST, and status, headers and bytes as they came. It takes no proxy, whatever the environment
says (`http.client` knows none), and trusts the system's certificates, or those that SSL_CERT_FILE names. Independent of
Interhuman, not affiliated. See our contract, sections 1, 2 and 8; docs/recipes/cases.json says what it does, case by case.
"""

import copy
import email.utils
import http.client
import ipaddress
import json
import os
import random
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Sequence

DEFAULT_API_URL = "https://api.interhuman.ai"
LARGEST_BODY = 1 << 20  # bytes
DEFAULT_LIFETIME, LONGEST_LIFETIME = 60.0, 86_400.0  # seconds, for an `expires_in` that is absent or absurd
FIRST_WAIT, FIRST_FINAL_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.5, 10.0, 60.0, 300.0  # seconds before another try
PATIENCE = 2.0  # seconds: a longer wait is not waited for


class _Closed:
    """Printing, copying and pickling show nothing of what is inside."""

    __slots__ = ()

    def __repr__(self):
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol):
        raise TypeError(f"a {type(self).__name__} holds a secret and is neither copied nor pickled")


class TokenResponse(_Closed):
    """An answer as it came: `status`, `headers` (`.get(name)`), `body` (bytes); `requested_at` in epoch seconds."""

    __slots__ = ("status", "headers", "body", "requested_at")


class AccessToken(_Closed):
    """A token: `value`, `scopes`, `expires_in` (seconds from the request's start), `expires_at` (epoch seconds), `raw`."""

    __slots__ = ("value", "scopes", "expires_in", "expires_at", "raw")


class TokenError(Exception):
    """No token came. `code` says why in one word; `raw_body` is left out wherever the error is printed or pickled."""

    __slots__ = ("raw_body",)

    def __init__(self, code, status=None, error_id=None, correlation_id=None, retry_after=None, raw_body=b""):
        known = [f"status {status}" if status else "", error_id, correlation_id and f"correlation id {correlation_id}"]
        super().__init__(f"{code} ({', '.join(filter(None, known))})" if any(known) else code)
        self.code, self.status, self.error_id, self.correlation_id = code, status, error_id, correlation_id
        self.retry_after, self.raw_body = retry_after, raw_body

    def __reduce__(self):
        return type(self), (self.code, self.status, self.error_id, self.correlation_id, self.retry_after)

    @property
    def retryable(self):
        """Whether the same request can succeed later."""
        later = self.status is not None and (self.status >= 500 or self.status in (408, 429))
        return later and self.error_id not in ("ih3003", "ih3006")


class RefusalError(TokenError):
    """The service said no: bad_request, unauthorized, forbidden, unprocessable, rate_limited, server_error."""


class UnexpectedResponseError(TokenError):
    """What answered is outside the contract: unexpected_status, unexpected_body."""

    @property
    def retryable(self):
        return self.status < 400 or super().retryable


class TransportError(TokenError):
    """Not reached, or not trusted: timeout, network, not_http, redirect, tls, insecure_url."""

    @property
    def retryable(self):
        return self.code not in ("redirect", "tls", "insecure_url")


_ADDRESS = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?(/[^\s\\?#\x00-\x1f\x7f]*)?", re.I | re.A)


def _parse_address(url):
    match = _ADDRESS.fullmatch(url) if isinstance(url, str) and url.isascii() else None
    if match is None or int(match[3] or 0) > 65_535:
        raise ValueError("an address must be an absolute https URL without user information, query, fragment or spaces")
    scheme, host = match[1].lower(), match[2].strip("[]").lower()
    if scheme == "http" and not _is_loopback(host):
        raise TransportError("insecure_url")
    return scheme, host, int(match[3] or (443 if scheme == "https" else 80)), (match[4] or "").rstrip("/")


def _is_loopback(host):
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return str(address) == "::1" or (address.version == 4 and address.is_loopback)
    return host == "localhost"


def is_same_origin(url, origin: str) -> bool:
    """Whether a token for `origin` may go to `url`: same scheme, host and port, and https unless both are loopback."""
    with suppress(ValueError, TransportError):
        return _parse_address(re.split(r"[?#]", str(url))[0])[:3] == _parse_address(origin)[:3]
    return False


def check_stream_url(url: str) -> None:
    """Refuses an address that a token may not go to by WebSocket, with ValueError."""
    address = re.sub("^ws", "http", str(url).partition("?")[0], flags=re.I)
    if not is_same_origin(address, address):
        raise ValueError("a stream must be wss, or ws to this machine")


def find_rewind(body):
    """Gives what brings a body of requests back to where it begins, or None for a stream, which is never sent twice."""
    with suppress(AttributeError, OSError):
        start = body.tell()
        return lambda: body.seek(start)
    return (lambda: None) if isinstance(body, (bytes, str, type(None))) else None


def carry(request, token):
    """Gives a request of httpx or requests the token, if there is one."""
    if token is not None:
        request.headers["Authorization"] = f"Bearer {token.value}"
    return request


def request_token(
    key_id: str, key_secret: str, scopes: Sequence[str], *,
    api_url: str = DEFAULT_API_URL, api_version: str = "v0", timeout: float = 15.0,
) -> TokenResponse:  # fmt: skip
    """Exchanges an API key, strictly: one POST, no redirect followed, nothing parsed, retried or kept.

    `timeout` (seconds) bounds all of it, the name's look-up and the last byte too. Raises TransportError when nothing came
    that may be handed on, and ValueError when a parameter is not what it should be; neither repeats a value.
    """
    if not all(isinstance(part, str) and part for part in (key_id, key_secret)):
        raise ValueError("key_id and key_secret must be non-empty strings")
    if isinstance(scopes, str) or not scopes or not all(isinstance(scope, str) and scope for scope in scopes):
        raise ValueError("scopes must be a list of at least one string")
    if api_version not in ("v0", "v1") or not 0 < timeout < 2**31:
        raise ValueError("api_version must be v0 or v1, and timeout seconds above 0")
    scheme, host, port, path = _parse_address(api_url)
    response, failure, sockets = TokenResponse(), [], []
    finished, given_up = threading.Event(), threading.Event()
    response.requested_at = time.time()

    def exchange():
        try:
            fields = {"key_id": key_id, "key_secret": key_secret, "scopes": list(scopes)}
            body = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
            connection = _connect(scheme, host, port, timeout, sockets)
            if not given_up.is_set():
                _send(connection, f"{path}/{api_version}/auth", body, response)
            connection.close()
        except Exception as fault:  # its text may quote bytes from the wire, so only its kind is kept
            failure.append(TransportError(_name_fault(fault)))
        finally:
            finished.set()

    _run_beside(exchange)
    try:
        if not finished.wait(timeout):
            raise TransportError("timeout")
    finally:
        given_up.set()
        for each in sockets if not finished.is_set() else ():
            with suppress(OSError):  # wakes whoever reads; not SSLSocket's own, which would go on in the clear
                socket.socket.shutdown(each, socket.SHUT_RDWR)
    if failure:
        raise failure[0]
    if response.status in (301, 302, 303, 307, 308):
        raise TransportError("redirect", response.status)
    return response


def _connect(scheme, host, port, timeout, sockets):
    if scheme == "https":
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    connection.set_debuglevel(0)  # a level set for all of http.client would print the body
    connection.connect()
    sockets.append(connection.sock)
    return connection


def _send(connection, path, body, response):
    try:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        connection.request("POST", path, body, headers)
        with connection.getresponse() as answer:
            response.status, response.headers = answer.status, answer.headers
            response.body = answer.read(LARGEST_BODY + 1)
            if answer.length or len(response.body) > LARGEST_BODY:
                raise http.client.IncompleteRead(b"")
    finally:
        connection.close()


def _name_fault(fault):
    if isinstance(fault, (socket.timeout, TimeoutError)):
        return "timeout"
    if isinstance(fault, ssl.SSLError):
        return "tls"
    if isinstance(fault, (OSError, UnicodeError, http.client.IncompleteRead)):
        return "network"
    return "not_http"


def _run_beside(work):
    """In a thread of its own, or at once where none can be had, as while the interpreter ends."""
    try:
        threading.Thread(target=work, daemon=True, name="interhuman-auth").start()
    except RuntimeError:
        work()


def read_token(response: TokenResponse) -> AccessToken:
    """Reads a TokenResponse in either dialect: an AccessToken, or RefusalError or UnexpectedResponseError raised."""
    fields = _parse_object(response.body)
    value, kind = fields.get("access_token"), fields.get("token_type")
    if response.status == 200 and _fits(r"[\w.~+/-]+=*", value) and str(kind).lower() == "bearer":
        token, scope = AccessToken(), fields.get("scope")
        token.value, token.raw, token.expires_in = value, response.body, _clamp_lifetime(fields.get("expires_in"))
        token.scopes = tuple(scope.split()) if isinstance(scope, str) else ()
        token.expires_at = int(response.requested_at + token.expires_in)
        return token
    error_id = _fits(r"[a-z]{2}\d{4}", fields.get("error_id"))
    correlations = (fields.get("correlation_id"), response.headers.get("X-Correlation-ID"))
    correlation_id = next(filter(None, (_fits(r"[\w-]{1,64}", each) for each in correlations)), None)
    known = (response.status, error_id, correlation_id, _read_retry_after(response), response.body)
    if response.status >= 400 and (error_id or isinstance(fields.get("detail"), str)):
        names = {401: "unauthorized", 403: "forbidden", 422: "unprocessable", 429: "rate_limited"}
        raise RefusalError(names.get(response.status, "server_error" if response.status >= 500 else "bad_request"), *known)
    raise UnexpectedResponseError("unexpected_body" if response.status == 200 else "unexpected_status", *known)


def _parse_object(body):
    with suppress(ValueError, RecursionError):
        fields = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=_refuse_constant)
        if isinstance(fields, dict):
            return fields
    return {}


def _refuse_constant(name):
    raise ValueError("no JSON")  # Python reads NaN and Infinity, JSON has neither


def _fits(form, value):
    return value if isinstance(value, str) and re.fullmatch(form, value, re.A) else None


def _clamp_lifetime(seconds):
    if _fits(r"-?\d{1,18}(\.\d{1,18})?", seconds):
        seconds = float(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return DEFAULT_LIFETIME
    return float(min(max(seconds, 0), LONGEST_LIFETIME))


def _read_retry_after(response):
    value = response.headers.get("Retry-After") or ""
    if _fits(r"\d{1,18}(\.\d{1,18})?", value):
        return float(value)
    times = [email.utils.parsedate_tz(text or "") for text in (value, response.headers.get("Date"))]
    with suppress(ValueError, OverflowError, TypeError):
        sent_at = email.utils.mktime_tz(times[1]) if times[1] else response.requested_at
        return max(0.0, email.utils.mktime_tz(times[0]) - sent_at)
    return None


class _State:
    """What one OS process knows. A fork begins with an empty one, since a lock that was held stays held there."""

    def __init__(self):
        self.lock = threading.Lock()
        self.token = self.got_at = self.flight = self.failure = self.failed_at = None
        self.due = self.spent = self.wait = self.failures = 0


class _Flight:
    def __init__(self):
        self.done, self.token, self.failure = threading.Event(), None, None


def _copy_error(failure):
    """Each caller raises its own: threads that raise one and the same write over each other's traceback."""
    if not isinstance(failure, TokenError):
        return failure
    again = copy.copy(failure)
    again.raw_body = failure.raw_body
    return again


class TokenSource(_Closed):
    """Gives living tokens to any number of threads, with one exchange at a time whose success or failure all share.

    A token is asked for anew, beside the callers, from 80 to 90 % of its life on, and is spent at the last 2 %, at least 5 s.
    """

    __slots__ = ("_request", "_timeout", "_clocks", "_random", "_states")

    def __init__(
        self, key_id: str, key_secret: str, scopes: Sequence[str], *,
        api_url: str = DEFAULT_API_URL, api_version: str = "v0", timeout: float = 15.0,
        clocks=(time.monotonic, time.time), randomness=random.random,
    ):  # fmt: skip
        _parse_address(api_url)
        scopes = scopes if isinstance(scopes, str) else tuple(scopes)
        options = {"api_url": api_url, "api_version": api_version}
        self._request = lambda timeout: request_token(key_id, key_secret, scopes, timeout=timeout, **options)
        self._timeout, self._clocks, self._random, self._states = timeout, clocks, randomness, {}

    def get(self, min_validity: float = 0.0) -> AccessToken:
        """Gives a living token, with `min_validity` seconds to live if the service gives such a one.

        Raises TokenError when there is none to give. A failure that can pass is tried again a few times within `timeout`
        seconds; then, and at once after a final one, nothing is sent for a while, and the failure is raised again.
        """
        state, started = self._own_state(), False
        with state.lock:
            now = self._now()
            token, age = state.token, self._since(state.got_at, now)
            life = token.expires_in if token else 0.0
            living = self._is_living(state, now)
            short = living and age + min(min_validity, life * 0.8) > life
            # A wall clock that was set back has lost count of this token.
            due = not living or short or age >= state.due or now[1] < state.got_at[1]
            may_try = state.failure is None or self._since(state.failed_at, now) >= state.wait
            if due and may_try and state.flight is None:
                state.flight, started = _Flight(), True
            flight, failure = state.flight, state.failure
        if started:
            _run_beside(lambda: self._fly(state, flight))
        if living and not (short and may_try):
            return token
        if flight is not None:
            if not flight.done.wait(self._timeout + 5):
                raise TransportError("timeout")
            if flight.token is not None:
                return flight.token
            failure = flight.failure
        raise _copy_error(failure)

    def invalidate(self, token: AccessToken) -> None:
        """Drops a token that a resource refused, unless it was replaced already."""
        state = self._own_state()
        with state.lock:
            if state.token is token:
                state.token = None

    def is_refused(self, token, response) -> bool:
        """Whether an answer of httpx or requests, or a handshake of websockets that failed, refuses the token that was sent.

        Drops that token then.
        """
        response = getattr(response, "response", response)  # where websockets, from 14 on, has what the handshake brought
        request, headers = getattr(response, "request", None), getattr(response, "headers", {})
        carried = token is not None and (request is None or request.headers.get("Authorization") == f"Bearer {token.value}")
        several = getattr(headers, "get_all", lambda name: [headers.get(name, "")])  # websockets keeps them apart
        said = " ".join(several("WWW-Authenticate"))
        refused = getattr(response, "status_code", None) == 401 and "invalid_token" in said
        if carried and refused:
            self.invalidate(token)
        return carried and refused

    def _own_state(self):
        pid = os.getpid()
        state = self._states.get(pid) or self._states.setdefault(pid, _State())
        for other in [each for each in tuple(self._states) if each != pid]:
            self._states.pop(other, None)
        return state

    def _now(self):
        return tuple(clock() for clock in self._clocks)

    def _since(self, then, now):
        """Seconds by the clock that says more: one stops in sleep, the other may be set."""
        return max(late - early for late, early in zip(now, then)) if then else 0.0

    def _is_living(self, state, now):
        return state.token is not None and self._since(state.got_at, now) < state.spent

    def _fly(self, state, flight):
        until = time.monotonic() + self._timeout
        while not flight.done.is_set():
            asked_at, token, failure = self._now(), None, None
            try:
                token = read_token(self._request(max(until - time.monotonic(), 0.001)))
            except Exception as fault:
                failure = fault.with_traceback(None)
            with state.lock:
                if token is not None:
                    self._keep(state, token, asked_at)
                else:
                    self._note_failure(state, failure)
                    token = state.token if self._is_living(state, self._now()) else None
                passing = token is None and getattr(failure, "retryable", False) and state.wait <= PATIENCE
                again = passing and time.monotonic() + state.wait < until
                if not again:
                    flight.token, flight.failure, state.flight = token, failure, None
                    flight.done.set()
            if again:
                time.sleep(state.wait)

    def _keep(self, state, token, asked_at):
        life = token.expires_in
        state.token, state.got_at, state.failure, state.failures = token, asked_at, None, 0
        state.spent = life - min(max(5.0, life * 0.02), life / 2)
        state.due = min(state.spent, life * (0.8 + 0.1 * self._random()))

    def _note_failure(self, state, failure):
        if getattr(failure, "status", None) in (401, 403):
            state.token = None
        first = FIRST_WAIT if getattr(failure, "retryable", False) else FIRST_FINAL_WAIT
        backoff = min(first * 2.0 ** min(state.failures, 10), LONGEST_WAIT) * (0.5 + 0.5 * self._random())
        asked = min(getattr(failure, "retry_after", None) or 0.0, LONGEST_RETRY_AFTER)
        state.failure, state.failed_at, state.wait = failure, self._now(), backoff + asked
        state.failures += 1
