"""Run the gh program for one repository.

Standard output is no terminal (else JSON comes coloured). gh runs in a session of its own, which is killed as a whole
on timeout, and in an environment of its own. The token is in no argument, texts go on standard input, `-R` is always
given, and no exception of sh is raised, because it would hold every argument.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ....core.errors import OutsideError, UsageError
from ....core.fs import write_text
from ....core.text import register_secret
from . import auth
from .error_mapping import BRIEF, LONGEST, CallResult, Trouble, error, limit_wait, login_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import TypeAdapter

    from ...process import Processes
    from .repo_url import Address

T = TypeVar("T")
INSTALL = "Install it (`pip install 'run-milestone[github]'`, or your system's package of gh 2.48 or newer)."
_SH_OPTIONS = {
    "_bg": True,
    "_bg_exc": False,
    "_tty_out": False,
    "_new_session": True,
    "_ok_code": list(range(-64, 256)),
    "_decode_errors": "replace",
    "_log_msg": lambda *_: "gh",
}
"""No exit code raises an exception and no log line is written, because either would hold every argument."""


class _FailedCallError(Exception):
    """A call of gh that failed, or gave no proper answer."""

    def __init__(self, result: CallResult) -> None:
        super().__init__(result.name)
        self.result = result


class Retry:
    """Retry a call of gh: `while True: with retry: return …`.

    A block that failed for a while (rate limit, network, no proper answer) is left after the pause, with `again` set:
    the effect may exist, so look for it before the next try. Any other failure is raised as the user's error.
    """

    def __init__(self, gh: Gh) -> None:
        self._gh = gh
        self._waited = 0.0
        self._tries = 0

    @property
    def again(self) -> bool:
        """Whether a try has failed."""
        return self._tries > 0

    def __enter__(self) -> None:
        """Begin a try."""

    def __exit__(self, _kind: object, raised: BaseException | None, _traceback: object) -> bool:
        """Wait after a failure that may pass, and raise what the user is told of any other."""
        if not isinstance(raised, _FailedCallError):
            return False
        pause = self._gh.pause_after(raised.result, self._tries)
        if pause is None or self._waited + pause > LONGEST:
            raise error(raised.result, self._gh.address.host) from None
        self._gh.wait(raised.result, pause)
        self._waited, self._tries = self._waited + pause, self._tries + 1
        return True


class Gh:
    """Calls gh for one repository; `folder` is gh's home, `say` shows why the run waits.

    `patience` is the timeout of one call in seconds. Errors: OutsideError with gh's message, UsageError where gh is
    missing or not logged in, Interrupted once the processes were stopped.
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
        self._lock = threading.Lock()
        self._environment: dict[str, str] | None = None

    # ---- calls that retry -------------------------------------------------------------------------------------

    def retry(self) -> Retry:
        """Return the retries of one effect; inside of it use the calls that try once."""
        return Retry(self)

    def do(self, *words: str, stdin: str = "") -> str:
        """Run a command for its effect; returns what it prints."""
        retry = self.retry()
        while True:
            with retry:
                return self.do_once(*words, stdin=stdin)

    def ask(self, shape: TypeAdapter[T], *words: str, stdin: str = "") -> T:
        """Run a command that prints JSON, and return it validated against `shape`."""
        retry = self.retry()
        while True:
            with retry:
                return self._ask_once(shape, words, stdin)

    def send(self, shape: TypeAdapter[T], method: str, path: str, body: Mapping[str, Any]) -> T:
        """Send JSON to a path below the repository, and return the answer."""
        retry = self.retry()
        while True:
            with retry:
                return self.send_once(shape, method, path, body)

    def pages(self, shape: TypeAdapter[list[list[T]]], path: str) -> list[T]:
        """Return everything that a path below the repository lists, page after page."""
        listed = self.ask(shape, "api", self.path(path), "--paginate", "--slurp")
        return [one for page in listed for one in page]

    def path(self, path: str) -> str:
        """Return a REST path below the repository."""
        return f"repos/{self.address.slug}/{path}"

    # ---- calls that try once, inside of a Retry ---------------------------------------------------------------

    def do_once(self, *words: str, stdin: str = "") -> str:
        """Run a command for its effect; returns what it prints."""
        return self._succeeded(words, stdin).out

    def send_once(self, shape: TypeAdapter[T], method: str, path: str, body: Mapping[str, Any]) -> T:
        """Send JSON to a path below the repository, and return the answer."""
        import json

        return self._ask_once(shape, ("api", "--method", method, self.path(path), "--input", "-"), json.dumps(body))

    def _ask_once(self, shape: TypeAdapter[T], words: tuple[str, ...], stdin: str) -> T:
        result = self._succeeded(words, stdin)
        try:
            return shape.validate_json(result.out)
        except ValueError:  # pydantic's too: HTML, half an answer, another shape
            why = f"not the answer that was asked for: {result.out[:80]!r}"
            raise _FailedCallError(CallResult(words, result.code, result.out, why)) from None

    def _succeeded(self, words: tuple[str, ...], stdin: str) -> CallResult:
        result = self._call(words, stdin)
        if result.code != 0:
            raise _FailedCallError(result)
        return result

    # ---- waiting ----------------------------------------------------------------------------------------------

    def pause_after(self, result: CallResult, tries: int) -> float | None:
        """Return how many seconds to wait before the next try, None where there is none."""
        if result.trouble is Trouble.LIMIT:
            return limit_wait(self._call(("api", "--include", "rate_limit"), "").out, tries)
        return BRIEF[tries] if result.trouble is Trouble.BAD_MOMENT and tries < len(BRIEF) else None

    def wait(self, result: CallResult, pause: float) -> None:
        """Say why the run waits, and wait."""
        self._say([f"⏳ GitHub gave {result.trouble.value}: {result.message}. Waiting {pause:.0f} s"])
        self._processes.pause(pause, "waiting for GitHub", time.monotonic())

    # ---- running ----------------------------------------------------------------------------------------------

    def _call(self, words: tuple[str, ...], stdin: str) -> CallResult:
        if words[0] in {"api", "--version"}:
            placed = (*words, *(("--hostname", self.address.host) if words[0] == "api" else ()))
        else:  # before a name that follows `--`
            placed = (*words[:2], "-R", self.address.full, *words[2:])
        return self._run(placed, stdin, self._sealed_environment())

    def _sealed_environment(self) -> dict[str, str]:
        """Return gh's environment. The operator's own gh is asked once for the login and the way to GitHub."""
        with self._lock:
            if self._environment is None:
                host = self.address.host
                token = auth.token_of(host) or self._operator_token(host)
                socket = self._run(("config", "get", "http_unix_socket"), "", auth.operator_environment()).out.strip()
                settings = f"http_unix_socket: {socket}\n" if re.fullmatch(r"/[\w./-]+", socket) else ""
                write_text(self._folder / "config.yml", f'version: "1"\n{settings}')
                self._environment = auth.sealed_environment(self.address, token, self._folder)
            return self._environment

    def _operator_token(self, host: str) -> str:
        result = self._run(("auth", "token", "--hostname", host), "", auth.operator_environment())
        token = result.out.strip()
        if result.code != 0 or not token:
            raise UsageError(f"gh is not logged in to {host}.", f"Run `{login_command(host)}`, or set GH_TOKEN.")
        register_secret(token)
        return token

    def _run(self, words: tuple[str, ...], stdin: str, environment: dict[str, str]) -> CallResult:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._processes.search_path
        program, sent = _program(path), {"_env": {**environment, "PATH": path}, "_cwd": str(self._folder), "_in": stdin}
        with self._processes.library_child() as child:
            with self._processes.starting(child) as hold:
                command = program(*words, **sent, _pass_fds=set(hold), **_SH_OPTIONS)
                child.started(int(command.pid))
            in_time = child.ends_within(self._patience)
        command.wait()
        return CallResult(words, command.exit_code if in_time else None, _text(command.stdout), _text(command.stderr))


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")


def _program(path: str) -> Any:
    """Return gh: the one in the folders of `path`, else the one beside this Python."""
    import sh

    places = [*path.split(os.pathsep), str(Path(sys.executable).parent)]
    try:
        return sh.Command("gh", search_paths=places)
    except sh.CommandNotFound:
        raise UsageError("gh is not installed or not on PATH.", INSTALL) from None


def as_field(name: str) -> str:
    """Return a name as an option of gh takes it that reads a list of CSV fields."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def number_in(url: str, kind: Literal["issues", "pull"]) -> int:
    """Return the number at the end of a URL that gh printed.

    Errors: OutsideError where there is none: an answer that is not understood is no success.
    """
    match = re.search(rf"/{kind}/(\d+)\s*$", url)
    if match is None:
        raise OutsideError(f"gh printed no address of what it made: {url[:80]!r}.", "Run the same command again.")
    return int(match[1])
