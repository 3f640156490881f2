"""gh: the one place that runs the gh program, and what it takes to run it well.

Standard output is no terminal (else JSON comes coloured); a session of its own, killed whole when time is up; an
environment of its own; the token in no argument; texts on standard input; `-R` always; no exception of sh's, which
would hold every argument.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ....core.errors import OutsideError, UsageError
from ....core.fs import write_text
from ....core.text import register_secret
from . import auth
from .error_mapping import BRIEF, LONGEST, Said, Trouble, error, limit_wait
from .error_mapping import login as login_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import TypeAdapter

    from ...process import Processes
    from .repo_url import Address

T = TypeVar("T")
INSTALL = "Install it (`pip install 'run-milestone[github]'`, or your system's package of gh 2.48 or newer)."
_HOW = {
    "_bg": True,
    "_bg_exc": False,
    "_tty_out": False,
    "_new_session": True,
    "_ok_code": list(range(-64, 256)),
    "_decode_errors": "replace",
    "_log_msg": lambda *_: "gh",
}
"""How sh runs it: no exit code raises what would hold every argument, and no log line holds one."""


class Gh:
    """Calls gh for one repository; `folder` is gh's home, `say` hears why the run waits.

    `patience` are the seconds that one call may take. Errors: OutsideError with gh's own words, UsageError where gh
    is missing or not logged in, Interrupted once the processes were stopped.
    """

    def __init__(
        self,
        address: Address,
        processes: Processes,
        folder: Path,
        say: Callable[[Iterable[str]], object],
        *,
        patience: float = 60.0,
    ) -> None:
        self.address = address
        self._processes = processes
        self._folder = folder
        self._say = say
        self._patience = patience
        self._door = threading.Lock()
        self._environment: dict[str, str] | None = None

    # ---- asking -----------------------------------------------------------------------------------------------

    def do(self, *words: str, stdin: str = "", lost: Callable[[], T | None] = lambda: None) -> str | T:
        """Run a command for its effect; returns what it prints.

        Where no proper answer came, `lost` looks for the effect before the command is tried again.
        """
        return self._persist(words, stdin, lambda out: out, lost)

    def ask(self, shape: TypeAdapter[T], *words: str, stdin: str = "") -> T:
        """Run a command that prints JSON, and return it once it has been checked to have the `shape`."""
        return self._persist(words, stdin, shape.validate_json, lambda: None)

    def send(
        self,
        shape: TypeAdapter[T],
        method: str,
        path: str,
        body: Mapping[str, Any],
        lost: Callable[[], T | None] = lambda: None,
    ) -> T:
        """Send JSON to a path below the repository, and return the answer."""
        import json

        words = ("api", "--method", method, self.path(path), "--input", "-")
        return self._persist(words, json.dumps(body), shape.validate_json, lost)

    def pages(self, shape: TypeAdapter[list[list[T]]], path: str) -> list[T]:
        """Return all that a path below the repository lists, page after page."""
        found = self.ask(shape, "api", self.path(path), "--paginate", "--slurp")
        return [one for page in found for one in page]

    def path(self, path: str) -> str:
        """Return a REST path below the repository."""
        return f"repos/{self.address.slug}/{path}"

    def _persist(self, words: tuple[str, ...], stdin: str, read: Callable[[str], T], lost: Callable[[], Any]) -> T:
        waited, tries = 0.0, 0
        while True:
            said = self._call(words, stdin)
            if said.code == 0:
                try:
                    return read(said.out)
                except ValueError:  # pydantic's too: HTML, half an answer, another shape
                    said = Said(words, said.code, said.out, f"not the answer that was asked for: {said.out[:80]!r}")
            pause = self._pause(said, tries)
            if pause is None or waited + pause > LONGEST:
                raise error(said, self.address.host)
            self._say([f"⏳ GitHub gave {said.trouble.value}: {said.told}. Waiting {pause:.0f} s"])
            self._processes.pause(pause, "waiting for GitHub", time.monotonic())
            waited, tries = waited + pause, tries + 1
            if (found := lost()) is not None:
                return found  # type: ignore[no-any-return]

    def _pause(self, said: Said, tries: int) -> float | None:
        """Return how many seconds to wait before the next try, None where there is none."""
        if said.trouble is Trouble.LIMIT:
            return limit_wait(self._call(("api", "--include", "rate_limit"), "").out, tries)
        return BRIEF[tries] if said.trouble is Trouble.BAD_MOMENT and tries < len(BRIEF) else None

    # ---- running ----------------------------------------------------------------------------------------------

    def _call(self, words: tuple[str, ...], stdin: str) -> Said:
        place = {"api": ("--hostname", self.address.host), "--version": ()}.get(words[0], ("-R", self.address.full))
        return self._run((*words, *place), stdin, self._sealed())

    def _sealed(self) -> dict[str, str]:
        """Return gh's environment; the operator's own gh is asked once for the login and the way to GitHub."""
        with self._door:
            if self._environment is None:
                host = self.address.host
                token = auth.token_of(host) or self._own_login(host)
                socket = self._run(("config", "get", "http_unix_socket"), "", auth.operators()).out.strip()
                settings = f"http_unix_socket: {socket}\n" if re.fullmatch(r"/[\w./-]+", socket) else ""
                write_text(self._folder / "config.yml", f'version: "1"\n{settings}')
                self._environment = auth.sealed(self.address, token, self._folder)
            return self._environment

    def _own_login(self, host: str) -> str:
        said = self._run(("auth", "token", "--hostname", host), "", auth.operators())
        token = said.out.strip()
        if said.code != 0 or not token:
            raise UsageError(f"gh is not logged in to {host}.", f"Run `{login_command(host)}`, or set GH_TOKEN.")
        register_secret(token)
        return token

    def _run(self, words: tuple[str, ...], stdin: str, environment: dict[str, str]) -> Said:
        self._folder.mkdir(parents=True, exist_ok=True)
        program, started = _program(), []

        def start(hold: tuple[int, ...]) -> int:
            how = {"_env": environment, "_cwd": str(self._folder), "_in": stdin, "_pass_fds": set(hold)}
            started.append(program(*words, **how, **_HOW))
            return int(started[0].pid)

        with self._processes.guest(start) as guest:
            in_time = guest.ends_within(self._patience)
        command = started[0].wait()
        return Said(words, command.exit_code if in_time else None, _text(command.stdout), _text(command.stderr))


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")


def _program() -> Any:
    """Return gh: the one on PATH, else the one beside this Python."""
    import sh

    places = [*os.environ.get("PATH", os.defpath).split(os.pathsep), str(Path(sys.executable).parent)]
    try:
        return sh.Command("gh", search_paths=places)
    except sh.CommandNotFound:
        raise UsageError("gh is not installed or not on PATH.", INSTALL) from None


def number_in(url: str, kind: str) -> int:
    """Return the number at the end of a URL that gh printed.

    Errors: OutsideError where there is none: an answer that is not understood is no success.
    """
    found = re.search(rf"/{kind}/(\d+)\s*$", url)
    if found is None:
        raise OutsideError(f"gh printed no address of what it made: {url[:80]!r}.", "Run the same command again.")
    return int(found[1])
