"""Run commands with a timeout and bounded output, and end all of them when the run is stopped."""

from __future__ import annotations

import functools
import math
import os
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...core.errors import Interrupted, PutOffError
from ...core.presets import without_own_sandbox
from ...model import SandboxSpec
from .child import GRACE, Child, Direct, Exit, LibraryChild, Request, end, ready, taken_away
from .communicate import Communication
from .coprocess import Coprocess
from .environment import environment, search_path, temporary_home, trusted_environment
from .output import KEEP, MOST, Result, append_log, why_not_started
from .sandbox import Grants, Sandbox, candidates, refusal, unsandboxed
from .supervised import ForkServer, Supervised

if TYPE_CHECKING:
    import re

NO_GRANTS = Grants()
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Processes:
    """Runs commands and can end all of them. Once `stop` was called, every method raises Interrupted.

    Every child keeps the descriptors `hold` (the run's lock) open, so that an orphan keeps the lock. The owner of the
    lock must therefore unlock it, not only close it. `progress` is shown what runs and for how many seconds, about
    once a second, in the thread that waits.
    """

    def __init__(self, *, hold: tuple[int, ...] = (), progress: Callable[[str, float], None] | None = None) -> None:
        self.commands = True  # whether untrusted ones may be started at all
        self._hold = hold
        self._progress = progress
        self._running: set[Child | LibraryChild] = set()
        self.sandbox = unsandboxed()
        self._trees: str | None = None
        self._fork_server = ForkServer(hold)
        self._lock = threading.RLock()  # reentrant: a signal handler may call stop() while this thread starts a child
        self._stopped = False

    def trusted(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str] = _NOTHING,
        stdin: str | bytes | None = None,
        timeout: float = 600.0,
    ) -> Result:
        """Run a program that no file of a tree can influence (git, gh) as a direct child."""
        request = Request(tuple(argv), cwd, trusted_environment(env, self._trees), _bytes(stdin), timeout, output=MOST)
        return self._run(request, supervised=False)

    def coprocess(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str] = _NOTHING,
        body: re.Pattern[str] | None = None,
    ) -> Coprocess:
        """Return a trusted program that keeps running and answers line by line; `body` as Coprocess has it."""
        return Coprocess(self, tuple(argv), cwd, env, body)

    def untrusted(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str] = _NOTHING,
        stdin: str | bytes | None = None,
        timeout: float,
        log: Path | None = None,
        pass_env: Sequence[str] = (),
        grants: Grants = NO_GRANTS,
        login: Sequence[str] = (),
        keep: int = KEEP,
    ) -> Result:
        """Run what a tree can influence (agent, tests, linters, migrations). No process of it outlives the call.

        `pass_env` names more variables of this process that it gets unless they are empty, `login` the files of the
        person's home that its own empty one gets copies of. It runs in the box that `confine` chose, with `cwd` and
        what `grants` names. The command and its sanitised output are appended to `log`, the result has `keep` of it.
        """
        if not self.commands:
            raise PutOffError("This job starts no commands.", "A job without rights does.")
        _deny_inspection()
        append_log(log, f"$ {shlex.join(argv)}\n")
        with temporary_home(login) as home:
            passed = {name: os.environ[name] for name in pass_env if os.environ.get(name)}
            # An environment that is set up once is compiled once: nothing can write into it when it is used.
            fixed = {**home, "PYTHONDONTWRITEBYTECODE": "1", "UV_COMPILE_BYTECODE": "1"}
            variables = {**self.sandbox.variables(), **passed, **environment(self._trees), **fixed, **env}
            request = Request(tuple(argv), cwd, variables, _bytes(stdin), timeout, keep=keep)
            result = self._run_connected(request, grants, Path(home["HOME"]).parent)
        append_log(log, f"{result.out}{result.err}{result.ending}\n")
        return result

    def confine(self, spec: SandboxSpec, private: tuple[Path, ...] = (), trees: Path | None = None) -> None:
        """Choose the box of every untrusted command: the strongest kind that works here, or the one named in `spec`.

        No box holds a `private` folder, and no program is looked for where a path begins with `trees`.
        Errors: UsageError where no such kind works.
        """
        self._trees = str(trees) if trees else None
        if spec.kind == "none":
            self.sandbox = unsandboxed(spec)
            return
        sandbox, reasons = self._first_that_works(candidates(spec, private, self.search_path))
        if sandbox is None:
            raise refusal(spec.kind, reasons)
        self.sandbox = sandbox

    @property
    def search_path(self) -> str:
        """The folders in which the programs of the runner itself are looked for, as PATH holds them."""
        return search_path(self._trees)

    def strongest(self) -> tuple[str | None, list[str]]:
        """Return the kind of box that works on this machine, and why each stronger one does not."""
        sandbox, reasons = self._first_that_works(candidates(SandboxSpec(), (), self.search_path))
        return sandbox.kind if sandbox else None, reasons

    def _first_that_works(self, kinds: Sequence[Sandbox]) -> tuple[Sandbox | None, list[str]]:
        reasons: list[str] = []
        for sandbox in kinds:
            why = sandbox.missing() or self._does_not_start(sandbox)
            if why is None:
                return sandbox, reasons
            reasons.append(f"{sandbox.kind}: {why}")
        return None, reasons

    def _does_not_start(self, sandbox: Sandbox) -> str | None:
        """Return why nothing starts in a box of this kind, None where `true` does."""
        request = Request(("true",), "/", environment(), None, 20.0, sandbox.trial())
        result = self._run(request, supervised=True)
        return None if result.code == 0 else (result.err or result.out).strip() or f"it ended with {result.code}"

    def _run_connected(self, request: Request, grants: Grants, home: Path) -> Result:
        """Run an untrusted command beside the proxy to its hosts and its model, where the plan names any.

        Without a box nothing could hold it to them, so it asks the model itself.
        """
        if grants.agent and not self.sandbox.nests:
            request = replace(request, argv=without_own_sandbox(request.argv))
        if not grants.names_hosts:
            return self._run_boxed(request, grants, home)
        from .proxy import direct, proxy

        if self.sandbox.kind == "none":
            return self._run_boxed(direct(request, grants.model), grants, home)
        with proxy(grants.hosts, grants.model) as server:
            return server.noted_in(self._run_boxed(server.reached_by(request), grants, home, server.path))

    def _run_boxed(self, request: Request, grants: Grants, home: Path, proxy: str | None = None) -> Result:
        """Run an untrusted command in its box. A program that is not there is a result, not an error."""
        try:
            box = self.sandbox.wrap(request.argv, Path(request.cwd), request.env, grants, home, proxy)
        except OSError as error:
            return Result(request.argv, None, "", why_not_started(request.argv, error), 0.0)
        most, idle = self.sandbox.limits.output << 20, self.sandbox.limits.idle or math.inf
        with taken_away(box, request.env):
            result = self._run(replace(request, box=box, output=most, idle=idle), supervised=True)
        limit = self.sandbox.reached(result.limit, result.code)
        lines = f"[{limit}]\n" if limit else self.sandbox.limit_reached(result.code, result.out + result.err)
        result = replace(result, err=result.err + lines, limit=limit)
        failure = self.sandbox.failure(result.code, result.err, grants)
        return replace(result, code=None, err=failure) if failure else result

    def pause(self, seconds: float, what: str, began: float) -> None:
        """Wait for something outside this machine; shows as progress `what` and the time since `began` (monotonic)."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._refuse_after_stop()
            self._report(what, began)
            time.sleep(min(left, 0.5))

    @contextmanager
    def library_child(self) -> Iterator[LibraryChild]:
        """Watch over a child that a library starts, so that `stop` ends it. It is killed at the end of the block."""
        child = LibraryChild()
        try:
            yield child
        finally:
            with self._lock:
                self._running.discard(child)
            if not child.ends_within(0):
                child.signal(signal.SIGKILL)
            os.close(child.ended)
        self._refuse_after_stop()

    @contextmanager
    def starting(self, child: LibraryChild) -> Iterator[tuple[int, ...]]:
        """Keep `stop` waiting while the library starts the child. Returns the descriptors it must keep open."""
        with self._lock:
            self._refuse_after_stop()
            yield self._hold
            self._running.add(child)
        self._refuse_after_stop()

    def stop(self) -> None:
        """End everything that was started here, and refuse to start more. Any thread or signal handler may call it."""
        with self._lock:
            self._stopped = True
            ends = [os.dup(child.ended) for child in self._running]
            for child in self._running:
                child.signal(signal.SIGTERM, signal.SIGCONT)
        until = time.monotonic() + GRACE
        for ended in ends:
            ready(ended, max(0.0, until - time.monotonic()))
            os.close(ended)
        with self._lock:
            for child in self._running:
                child.signal(signal.SIGKILL)
        self._fork_server.close()

    def start(self, argv: Sequence[str], *, cwd: Path | str, env: Mapping[str, str]) -> Child:
        """Start a trusted child, which must be ended with `finish`. Errors: OSError."""
        variables = trusted_environment(env, self._trees)
        return self._launch(Request(tuple(argv), cwd, variables, b"", math.inf), supervised=False)

    def _launch(self, request: Request, *, supervised: bool) -> Child:
        """Start a child. Errors: OSError, or ValueError for a NUL in an argument."""
        with self._lock:
            self._refuse_after_stop()
            child = Supervised(request, self._fork_server) if supervised else Direct(request, self._hold)
            self._running.add(child)
            return child

    def finish(self, child: Child) -> Exit:
        """End a child that still runs, and reap it."""
        end(child)
        with self._lock:  # reaped under the lock: until here no other process can have its number
            self._running.discard(child)
            return child.reap()

    def _run(self, request: Request, *, supervised: bool) -> Result:
        """Run to the end, or to the timeout. A program that cannot start is a result, not an error."""
        began = time.monotonic()
        until = began + request.timeout + (GRACE if supervised else 0)
        try:
            child = self._launch(request, supervised=supervised)
        except (OSError, ValueError) as error:
            self._refuse_after_stop()
            return Result(request.argv, None, "", why_not_started(request.argv, error), time.monotonic() - began)
        try:
            self._refuse_after_stop()  # stopped by a signal handler of this thread, which could not see the child yet
            communication = Communication(child, request)
            for _ in communication.follow(until):
                self._report(shlex.join(request.argv), began)
        finally:
            exited = self.finish(child)
        self._refuse_after_stop()
        return _result(request.argv, exited, communication, time.monotonic() - began)

    def _report(self, what: str, began: float) -> None:
        if self._progress is not None:
            self._progress(what, time.monotonic() - began)

    def _refuse_after_stop(self) -> None:
        if self._stopped:
            raise Interrupted("The run was asked to stop.", "Progress is saved; run the same command to resume.")


def _result(argv: tuple[str, ...], exited: Exit, communication: Communication, seconds: float) -> Result:
    out, err = communication.out, communication.err
    if exited.error is not None:
        return Result(argv, None, out.text(), why_not_started(argv, exited.error), seconds)
    limit = exited.limit or communication.limit
    timed_out = not limit and (exited.timed_out or not communication.ended)
    code = -signal.SIGKILL if timed_out or limit else exited.code
    return Result(argv, code, out.text(), err.text(), seconds, timed_out, bool(out.lost or err.lost), limit)


@functools.cache
def _deny_inspection() -> None:
    """Deny other processes of the same user access to this process's environment, memory and descriptors."""
    import ctypes

    pr_set_dumpable = 4
    ctypes.CDLL(None).prctl(pr_set_dumpable, 0, 0, 0, 0)


def _bytes(text: str | bytes | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text
