"""In a job of GitHub Actions the runner's git pushes with the job's token; nothing else gets or keeps it."""

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from run_milestone.adapters.git import Git
from run_milestone.adapters.process import Processes
from run_milestone.core.errors import OutsideError

TOKEN = "made-up-token-of-this-job"
BASIC = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


class GitHub(BaseHTTPRequestHandler):
    """git's own HTTP server behind a password: what a forge is to a push."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if self.headers.get("Authorization") != BASIC:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        asked = {"REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_USER": "job"}
        body = {"CONTENT_TYPE": self.headers.get("Content-Type", ""), "GIT_PROJECT_ROOT": self.server.root}
        more = {"GIT_HTTP_EXPORT_ALL": "1", "CONTENT_LENGTH": self.headers.get("Content-Length", "0")}
        sent = self.rfile.read(int(more["CONTENT_LENGTH"]))
        if self.headers.get("Content-Encoding"):
            more["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        environment = {**os.environ, **asked, **body, **more}
        done = subprocess.run(["git", "http-backend"], input=sent, env=environment, capture_output=True, check=True)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *words):
        pass


@pytest.fixture
def server(tmp_path):
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "srv" / "widgets.git")], check=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), GitHub) as server:
        server.root = str(tmp_path / "srv")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_token_of_the_job_pushes(newcomer, server, monkeypatch):
    head = newcomer.git("rev-parse", "HEAD", where=".")
    for name, value in {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": server, "GH_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    url = f"{server}/widgets.git"
    git = Git(Processes(), newcomer.folder, url, name="m1", root=newcomer.folder)
    assert git.push(head, "feat/one", None) == head
    kept = [path for path in newcomer.folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert kept == []

    result = Processes().untrusted(["env"], cwd=newcomer.folder, timeout=60)
    assert TOKEN not in result.out
    assert BASIC not in result.out

    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    with pytest.raises(OutsideError):
        git.remote_heads()
