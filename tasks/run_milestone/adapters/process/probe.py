"""Probe the box of a run: let a program in it try what it must not, and judge that from outside."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.fs import temporary_folder
from .execute import Processes
from .sandbox import Grants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .child import Child

_PROGRAM = Path(__file__).with_name("boxed_probe.py")
_PATIENCE = 60
_UNLISTED = "unlisted.invalid:443"
NAMES = {
    "read home": "your home is not read",
    "read state": "the state is not read",
    "read plan": "the plan is not read",
    "read parents": "the environment of other processes is not read",
    "write state": "the state is not written",
    "write environment": "the environment of run-milestone is not written",
    "write remote": "the repository's git directory is not written",
    "tcp": "no TCP connection leaves",
    "udp": "no UDP datagram leaves",
    "abstract": "no abstract socket is reached",
    "path": "no socket in the file system is reached",
    "keyring": "the kernel's keyring is refused",
    "mount": "mounts are refused",
    "namespaces": "user namespaces are refused",
    "signal": "the runner is not signalled",
    "trace": "the runner is not traced",
    "daemon": "a daemon is gone with its command",
}
"""What each attempt comes to where the box holds, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt: what should hold, whether it does (None: not as the plan has it), and what was seen."""

    what: str
    holds: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """The places of a run that its box keeps from commands."""

    state: Path
    plan: Path
    repository: Path


def probe(processes: Processes, ground: Ground) -> tuple[Probe, ...]:
    """Try everything in the box of tests and tools, and return what held."""
    with _operator(processes, ground) as (operator, tree):
        ran = processes.untrusted(_argv(), cwd=tree, stdin=json.dumps(operator.places), timeout=_PATIENCE)
        outs = _outs(ran.out)
        if ran.code != 0 or len(outs) < len(operator.names):
            return (Probe("Python starts in it", holds=False, why=ran.err.strip()[-200:] or ran.ending),)
        return tuple(_judged(name, processes, broken=operator.broken(name, outs)) for name in operator.names)


def probe_hosts(processes: Processes, hosts: tuple[str, ...]) -> tuple[Probe, ...]:
    """Ask for the hosts of a list, and for another, from a box that has such a list."""
    places = json.dumps({"hosts": [*(host if ":" in host else f"{host}:443" for host in hosts), _UNLISTED]})
    with temporary_folder("probe-") as tree:
        grants = Grants(agent=True, hosts=hosts)
        ran = processes.untrusted(_argv(), cwd=tree, stdin=places, timeout=_PATIENCE, grants=grants)
    outs = _outs(ran.out)
    noted = {line.partition(": refused, ")[0]: line for line in ran.connections}
    is_refused = " 403" in outs.pop(_UNLISTED, "")
    answered = {host: " 200" in out for host, out in outs.items()}
    listed = (
        Probe(f"{host} is reached", holds=reached, why="" if reached else noted.get(host, ""))
        for host, reached in answered.items()
    )
    return (*listed, Probe("another host is refused", is_refused, "" if is_refused else ran.err.strip()[-200:]))


def _judged(name: str, processes: Processes, *, broken: bool) -> Probe:
    is_open = processes.sandbox.network.tools == "all" and name in {"tcp", "udp", "abstract"}
    excuse = "`sandbox.network.tools` is `all`" if is_open else ""
    return Probe(NAMES[name], None if excuse else not broken, excuse)


def _argv() -> tuple[str, ...]:
    return sys.executable, "-I", "-S", str(_PROGRAM)


def _outs(text: str) -> dict[str, str]:
    return dict(json.loads(line) for line in text.splitlines() if line.startswith("["))


# ---- the operator's side ------------------------------------------------------------------------------------------


class _Operator:
    """What an attempt could reach: files with a canary, services, and a process that stands for the runner."""

    def __init__(self, folder: Path, ground: Ground, home: str | None, victim: int, canary: str) -> None:
        self._canary, self._victim = canary, victim
        self.seconds = str(86_400 + secrets.randbelow(10**9))
        self._servers = {"tcp": socket.create_server(("127.0.0.1", 0)), "udp": _bound(("127.0.0.1", 0))}
        self._servers |= {"abstract": _bound(f"\0{canary}"), "path": _bound(str(folder / "socket"))}
        reads = {"home": home, "state": _a_file(ground.state), "plan": str(ground.plan)}
        self._reads = {name: path for name, path in reads.items() if path}
        targets = {"state": ground.state, "environment": Path(sys.prefix), "remote": ground.repository}
        self._writes = {name: str(place / f".{canary}") for name, place in targets.items()}

    @property
    def places(self) -> dict[str, Any]:
        """What the program in the box is told."""
        ports = {name: self._servers[name].getsockname()[1] for name in ("tcp", "udp")}
        sockets = {"abstract": self._canary, "path": self._servers["path"].getsockname()}
        known = {"runner": self._victim, "seconds": self.seconds}
        return {"read": self._reads, "write": self._writes, **ports, **sockets, **known}

    @property
    def names(self) -> tuple[str, ...]:
        """The attempts that this machine and this project allow."""
        missing = {f"read {name}" for name in ("home", "state", "plan") if name not in self._reads}
        return tuple(name for name in NAMES if name not in missing)

    def broken(self, name: str, outs: Mapping[str, str]) -> bool:
        """Return whether an attempt succeeded: by what was left outside, else by what it printed."""
        verb, _, place = name.partition(" ")
        if verb == "write":
            return os.path.lexists(self._writes[place])
        if name == "read parents":
            return self._canary in outs[name]
        if name in self._servers:
            return _was_reached(self._servers[name])
        if name == "signal":
            return _has_ended(self._victim)
        if name == "daemon":
            return any(
                _command_line(pid).endswith(f"\0{self.seconds}\0") for pid in os.listdir("/proc") if pid.isdigit()
            )
        return outs[name] != ""

    def close(self) -> None:
        """Take away what was made."""
        for server in self._servers.values():
            server.close()
        for path in self._writes.values():
            Path(path).unlink(missing_ok=True)


@contextlib.contextmanager
def _operator(processes: Processes, ground: Ground) -> Iterator[tuple[_Operator, Path]]:
    canary = f"canary-{secrets.token_hex(8)}"
    with temporary_folder("probe-") as tree, temporary_folder("probe-") as folder, _planted(canary) as home:
        victim = processes.start(("sh", "-c", "echo $$; exec sleep 60"), cwd="/", env={"CANARY": canary})
        operator = _Operator(folder, ground, home, _number(victim), canary)
        try:
            yield operator, tree
        finally:
            operator.close()
            processes.finish(victim)


@contextlib.contextmanager
def _planted(canary: str) -> Iterator[str | None]:
    """Plant a file in the home for the length of a block; None where nothing can be written there."""
    try:
        handle, path = tempfile.mkstemp(dir=Path.home(), prefix=f".{canary}-")
    except OSError:
        yield None
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(canary)
        yield path
    finally:
        Path(path).unlink()


def _number(child: Child) -> int:
    return int(child.stdout.readline())


def _bound(address: Any) -> socket.socket:
    is_local = isinstance(address, str)
    server = socket.socket(
        socket.AF_UNIX if is_local else socket.AF_INET, socket.SOCK_STREAM if is_local else socket.SOCK_DGRAM
    )
    server.bind(address)
    if is_local:
        server.listen()
    return server


def _was_reached(server: socket.socket) -> bool:
    server.settimeout(0)
    try:
        if server.type == socket.SOCK_DGRAM:
            server.recv(64)
        else:
            server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _a_file(folder: Path) -> str | None:
    """Return a file below a folder, None where it holds none."""
    return next((str(Path(place, names[0])) for place, _, names in os.walk(folder) if names), None)


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _command_line(pid: str) -> str:
    try:
        return Path("/proc", pid, "cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
