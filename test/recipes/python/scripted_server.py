"""A server on loopback that gives scripted answers and keeps what it was sent."""

import json
import socket
import threading


def format_answer(answer):
    """The bytes of an answer of cases.json."""
    if "raw" in answer:
        return answer["raw"].encode()
    body = (json.dumps(answer["json"]) if "json" in answer else answer["body"]).encode()
    lines = [f"HTTP/1.1 {answer['status']} Scripted", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in answer.get("headers", {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class ScriptedServer:
    """Answers the n-th request with the n-th answer, a dict of cases.json or a function that is given the socket."""

    def __init__(self, *answers, tls=None):
        self.answers, self.requests = list(answers), []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.origin}"
        self._tls = tls
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self._answer(self._tls.wrap_socket(connection, server_side=True) if self._tls else connection)
                except OSError:
                    pass

    def _answer(self, connection):
        stream = connection.makefile("rb")
        start = stream.readline().decode().split(" ")
        if len(start) != 3:
            return
        headers = {}
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
        while "chunked" in headers.get("transfer-encoding", "") and (size := int(stream.readline(), 16)):
            body += stream.read(size + 2)[:-2]
        self.requests.append({"method": start[0], "path": start[1], "headers": headers, "body": body})
        answer = self.answers[len(self.requests) - 1]
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(format_answer(answer))
