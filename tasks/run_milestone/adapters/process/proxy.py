"""Let one command reach the hosts that the plan lists for it, and the host of its model with the key added here."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from ...core.fs import temporary_folder
from ...core.text import for_record, register_secret
from . import relay
from .model_key import is_compressed, kept_out, put_in
from .outbound import PATIENCE, RefusedError, connect, host_and_port
from .server_name import server_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from http.client import HTTPResponse

    from ...model import ModelSpec
    from .child import Request
    from .output import Result

_INSIDE = f"http://127.0.0.1:{relay.PORT}"
"""Where a command in a box finds the proxy."""
_REFUSED = ": refused, "
_AT_ONCE = 64
"""Connections of one command at the same time."""
_MOST_NOTED = 200
"""Different connections of one command that the journal lists."""
_OF_ONE_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "expect", "host", "content-length"}
)
"""Headers that are not passed on."""
_COMPRESSED = "accept-encoding"
"""What asks for an answer in which the key could not be seen."""


class Proxy(ThreadingMixIn, UnixStreamServer):
    """A proxy for one command. `path` is where its half in the box connects to."""

    daemon_threads = True
    request_queue_size = _AT_ONCE

    def __init__(self, path: str, hosts: Sequence[str], model: ModelSpec | None) -> None:
        """Listen at `path`. Errors: UsageError where the model's key is in no variable."""
        self.path, self.model = path, model
        self.allowed = frozenset(map(host_and_port, hosts))
        self.key, self.stand_in = key_of(model), f"not-a-key-{secrets.token_hex(16)}"
        self._noted = Counter[str]()
        self._lock, self._free = threading.Lock(), threading.Semaphore(_AT_ONCE)
        super().__init__(path, _Connection)

    def reached_by(self, request: Request) -> Request:
        """Return a request whose command finds the proxy, and its model's address and the stand-in for the key."""
        variables: dict[str, str] = {}
        if self.allowed:
            names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
            variables = {**dict.fromkeys(names, _INSIDE), "NODE_USE_ENV_PROXY": "1"}
            variables |= dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1")
        return _asking(replace(request, env={**request.env, **variables}), self.model, _INSIDE, self.stand_in)

    def noted_in(self, result: Result) -> Result:
        """Return a result with what was reached and refused; the errors of a failed command end with the latter."""
        with self._lock:
            noted = tuple(f"{what} ({times} times)" if times > 1 else what for what, times in self._noted.items())
        refused = "".join(f"[{what}]\n" for what in noted if _REFUSED in what) if result.code else ""
        return replace(result, err=result.err + refused, connections=noted)

    def serve(self) -> None:
        """Serve until `shutdown`. Whatever ends it, nobody waits for an answer afterwards."""
        try:
            self.serve_forever(poll_interval=0.05)
        finally:
            self.server_close()

    def note(self, what: str) -> None:
        """Count a connection, or one that was refused."""
        what = for_record(what)[:300]
        with self._lock:
            self._noted[what if what in self._noted or len(self._noted) < _MOST_NOTED else "others"] += 1

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, as long as there are not too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.note(f"a connection{_REFUSED}{_AT_ONCE} others are open")
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a connection that broke off: the command sees it."""


@contextmanager
def proxy(hosts: Sequence[str], model: ModelSpec | None) -> Iterator[Proxy]:
    """Run a proxy for the length of a block. No box shows its folder. Errors: UsageError as `Proxy` has it."""
    with temporary_folder("net-") as folder, Proxy(str(folder / "proxy"), hosts, model) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            if thread.is_alive():
                server.shutdown()


def direct(request: Request, model: ModelSpec | None) -> Request:
    """Return a request whose command asks its model itself, because no box keeps the key from it.

    Errors: UsageError where the key is in no variable.
    """
    return _asking(request, model, f"https://{model.host}" if model else "", key_of(model))


def _asking(request: Request, model: ModelSpec | None, where: str, key: str) -> Request:
    """Return a request with the key and the address of its model in variables.

    In its arguments `{model}` is the address, and `{key}` the variable of the key.
    """
    if model is None:
        return request
    address = f"{where}{model.path}"
    argv = tuple(word.replace("{model}", address).replace("{key}", model.key) for word in request.argv)
    return replace(request, argv=argv, env={**request.env, model.key: key, model.variable: address})


def key_of(model: ModelSpec | None) -> str:
    """Return the key of a model, and redact it from now on. Errors: UsageError where its variable is empty."""
    key = os.environ.get(model.key, "") if model else ""
    if model and not key:
        what = f"The key of the model {model.host} is missing: {model.key} is empty."
        raise UsageError(what, f"Set {model.key} and run again.")
    register_secret(key)
    return key


class _Connection(BaseHTTPRequestHandler):
    """One connection from the box."""

    server: Proxy
    timeout = PATIENCE
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Write no log: the journal holds what was reached."""

    def do_CONNECT(self) -> None:
        """Open a tunnel to an allowed host."""
        self.close_connection, answered = True, False
        try:
            host, port = self._allowed()
            with connect(host, port) as outside:
                self.send_response_only(200)
                self.end_headers()
                answered = True
                outside.sendall(self._opening(host))
                self.server.note(f"{host}:{port}")
                self._tunnel(outside)
        except (RefusedError, OSError, ValueError) as error:
            self._refuse(self.path, error, answered=answered)

    def _allowed(self) -> tuple[str, int]:
        """Return the host and the port that are asked for. Errors: RefusedError, ValueError."""
        place = host_and_port(self.path)
        if place not in self.server.allowed:
            raise RefusedError("`network` in the plan does not list it")
        return place

    def _opening(self, host: str) -> bytes:
        """Return the first message, which must be TLS that asks for the very host. Errors: RefusedError."""
        opening, name = server_name(self.rfile)
        if name != host:
            raise RefusedError(f"in TLS it asks for {name or 'no host'}")
        return opening

    def _tunnel(self, outside: socket.socket) -> None:
        back = threading.Thread(target=relay.copy, args=(outside, self.connection), daemon=True)
        back.start()
        while data := self.rfile.read1(1 << 16):
            outside.sendall(data)
        outside.shutdown(socket.SHUT_WR)
        back.join(PATIENCE)

    def _forward(self) -> None:
        """Send a request to the model, with the key in the place of its stand-in, and its answer back."""
        self.close_connection, model = True, self.server.model
        if model is None or not self.path.startswith("/"):
            self._refuse(self.path, RefusedError("only TLS is allowed"))
            return
        host, port = host_and_port(model.host)
        line, answered = HTTPConnection(host, port), False
        line.auto_open = 0  # never to another address than the one that was judged
        try:
            with ssl.create_default_context().wrap_socket(connect(host, port), server_hostname=host) as line.sock:
                line.request(self.command, self.path, *self._message(model))
                answer = _readable(line.getresponse())
                self.server.note(f"{host}:{port}, with the key of {model.key}")
                answered = True
                self._answer(answer)
        except (RefusedError, OSError, ValueError, HTTPException) as error:
            self._refuse(f"{host}:{port}", error, answered=answered)

    def _message(self, model: ModelSpec) -> tuple[Iterator[bytes] | None, dict[str, str]]:
        """Return body and headers of a request to the model."""
        refused = {*_OF_ONE_CONNECTION, _COMPRESSED}
        sent = ((name, value) for name, value in self.headers.items() if name.lower() not in refused)
        headers = put_in(sent, self.server.stand_in, self.server.key)
        headers |= {"Host": model.host, "Connection": "close"}
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks(), headers
        length = int(self.headers.get("Content-Length") or 0)
        return (self._pieces(length), {**headers, "Content-Length": str(length)}) if length > 0 else (None, headers)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            yield from self._pieces(size)
            self.rfile.readline(8)

    def _pieces(self, left: int) -> Iterator[bytes]:
        while left > 0 and (data := self.rfile.read1(min(left, 1 << 16))):
            left -= len(data)
            yield data

    def _answer(self, answer: Any) -> None:
        key, stars = self.server.key, "*" * len(self.server.key)
        self.send_response_only(answer.status, answer.reason.replace(key, stars))
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_CONNECTION or (name.lower() == "content-length" and not answer.chunked):
                self.send_header(name, value.replace(key, stars))
        self.send_header("Connection", "close")
        self.end_headers()
        for data in kept_out(iter(lambda: answer.read1(1 << 16), b""), key):
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _forward  # noqa: N815 - the library's

    def _refuse(self, what: str, error: Exception, *, answered: bool = False) -> None:
        """Note why a connection came to nothing; the command is told so, unless it has had an answer."""
        if answered and not isinstance(error, RefusedError):
            return  # it broke off
        why = str(error) if isinstance(error, RefusedError) else f"it cannot be reached ({_reason(error)})"
        self.server.note(f"{what}{_REFUSED}{why}")
        if not answered:
            text = f"run-milestone refused {what}: {why}.\n".encode("utf-8", "replace")
            self.send_response_only(403)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)


def _readable(answer: HTTPResponse) -> HTTPResponse:
    """Return an answer in which the key can be seen. Errors: RefusedError."""
    if is_compressed(answer.headers.items()):
        raise RefusedError("its answer is compressed, so that the key could be hidden in it")
    return answer


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
