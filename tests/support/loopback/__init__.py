"""loopback: a GitHub on this machine, for tests: real git, gh's own queries, and nothing made up.

It stands in for the network alone. Pull requests speak of real branches of a real bare repository; GraphQL is executed
against GitHub's public schema; whatever is asked for that its state does not hold is an error that fails the test.
"""

from __future__ import annotations

import os
import shutil
import socketserver
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

from .hosted import HostedRepository
from .server import Handler

SCHEMA = Path(os.environ.get("GITHUB_SCHEMA", Path(__file__).parents[3] / ".cache" / "schema.graphql"))
"""GitHub's public GraphQL schema, from the npm package @octokit/graphql-schema (docs/contributing/development.md)."""


def missing():
    """What is not installed here that a loopback GitHub needs; None where nothing is."""
    if shutil.which("gh") is None:
        return "no gh: pip install -e '.[github]'"
    if find_spec("graphql") is None:
        return "no graphql-core: pip install graphql-core"
    return None if SCHEMA.exists() else f"no GitHub schema at {SCHEMA}: see docs/contributing/development.md"


class GitHub:
    """A GitHub behind a unix socket, and the ssh by which git reaches its repositories."""

    def __init__(self, root: Path):
        self.hosted = HostedRepository(root)
        self._short = Path(tempfile.mkdtemp(prefix="gh", dir="/tmp"))  # a socket's path has at most 107 bytes
        self.socket = self._short / "s"
        self._server = _Server(str(self.socket), Handler)
        self._server.github = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.asked: list[str] = []
        self.made_up: set[str] = set()
        self.faults: list[tuple[str, str]] = []
        self.penalty: dict[str, str] = {}
        """Headers of a limit that was reached, which every question about limits gets."""
        self.overhear = lambda: None
        """Called while gh runs and waits for its answer."""
        self.released = threading.Event()
        self._door = threading.RLock()

    def fails(self, what: str, how: str, times: int = 1):
        """Let the next requests named like `what` fail.

        `how` is html, empty, forbidden, 502, lost, hang, moved, secondary or primary.
        """
        self.faults += [(what, how)] * times

    def fault(self, name: str):
        """The fault that this request is to have."""
        planned = next((fault for fault in self.faults if fault[0] in name), None)
        if planned:
            self.faults.remove(planned)
        return planned and planned[1]

    def environment(self, home: Path) -> dict[str, str]:
        """What a person's shell has who is logged in here."""
        home.mkdir(parents=True, exist_ok=True)
        (home / "config.yml").write_text(f'version: "1"\nhttp_unix_socket: {self.socket}\n')
        ssh = home / "ssh"
        ssh.write_text(SSH.format(root=self.hosted.root))
        ssh.chmod(0o755)
        return {"GH_CONFIG_DIR": str(home), "GH_TOKEN": self.hosted.token, "GIT_SSH_COMMAND": str(ssh)}

    def lock(self):
        """Held while the repository is read or changed."""
        return self._door

    def close(self):
        """End the server; a test fails here where anything was asked for that the repository does not hold."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._short)
        assert not self.made_up, f"asked for, but not in this repository: {sorted(self.made_up)}"


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    github: GitHub


SSH = """#!/bin/sh
# The far end of ssh: git's own programs, on the bare repositories below the root.
for last; do :; done
set -- $last
path=${{2#\\'}}
exec git "${{1#git-}}" "{root}/${{path%\\'}}"
"""
