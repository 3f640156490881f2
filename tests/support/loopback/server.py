"""server: HTTP over the unix socket: who is asking, which fault comes first, and then GraphQL or REST."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler

from . import graphql, rest

DOCS = "https://docs.github.com/rest"
LIMIT = {"limit": 5000, "remaining": 0, "used": 5000, "reset": 4102444800}
LIMITS = {
    "primary": ("API rate limit exceeded for user ID 1.", {"X-RateLimit-Remaining": "0"}),
    "secondary": ("You have exceeded a secondary rate limit. Please wait a few minutes.", {"Retry-After": "7"}),
}
"""What GitHub says, and the headers that say how long."""


class Handler(BaseHTTPRequestHandler):
    """One connection of gh's."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "gh"

    def do_GET(self):
        github = self.server.github
        sent = json.loads(self._body() or b"null")
        name = self._name(sent)
        with github.lock():
            github.asked.append(name)
            github.overhear()
            fault = github.fault(name)
        if fault and fault != "lost":
            return self._fail(fault)
        if self.path == "/rate_limit" and github.penalty:
            return self._answer(200, {"resources": {"core": LIMIT, "graphql": LIMIT}}, github.penalty)
        if self.headers.get("Authorization") != f"token {github.hosted.token}":
            return self._answer(401, {"message": "Bad credentials", "documentation_url": DOCS})
        with github.lock():
            act = graphql.answer if self.path.endswith("/graphql") else rest.answer
            try:
                status, body = act(github, self.command, self.path, sent)
            except Exception as error:
                github.made_up.add(f"{name}: {error!r}")
                raise
        return self._fail("502") if fault == "lost" else self._answer(status, body)

    do_POST = do_PATCH = do_GET  # noqa: N815

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _name(self, sent):
        """`mutation PullRequestCreate` for GraphQL, `POST /repos/…` for REST."""
        if not self.path.endswith("/graphql"):
            return f"{self.command} {self.path}"
        operation = re.search(r"(?:query|mutation)\s+\w+", sent["query"])
        return operation[0] if operation else "query"

    def _fail(self, how):
        if how == "hang":
            self.server.github.released.wait()
            self.close_connection = True
            return None
        if how == "html":
            return self._answer(200, "<!DOCTYPE html><html><body>Unicorn!</body></html>", kind="text/html")
        if how == "moved":
            message = "Base branch was modified. Review and try the merge again."
            return self._answer(200, {"data": {"mergePullRequest": None}, "errors": [{"message": message}]})
        if how == "forbidden":
            return self._answer(403, {"message": "Upgrade to enable this feature.", "documentation_url": DOCS})
        if how == "empty":
            return self._answer(200, "")
        if how in {"primary", "secondary"}:
            message, self.server.github.penalty = LIMITS[how]
            return self._answer(403, {"message": message, "documentation_url": DOCS}, self.server.github.penalty)
        return self._answer(502, "<html>Bad Gateway</html>", kind="text/html")

    def _answer(self, status, body, headers=None, kind="application/json; charset=utf-8"):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for key, value in {
            "Content-Type": kind,
            "X-OAuth-Scopes": self.server.github.hosted.scopes,
            **(headers or {}),
        }.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
