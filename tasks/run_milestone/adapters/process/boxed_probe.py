"""Try, inside a box, what it must not allow. probe.py starts this and judges from outside.

It imports the standard library alone. It reads as JSON where to try, and prints a line of it for each attempt.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

DONE = "done"
_LIBC = ctypes.CDLL(None, use_errno=True)
_ADD_KEY = {"x86_64": 248, "aarch64": 217}
_NEW_USER, _NEW_MOUNTS, _SEIZE = 0x10000000, 0x00020000, 0x4206
_PROXY = ("127.0.0.1", 3128)


def _attempts(places: dict[str, Any]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield every attempt by its name. The last ones could end this process."""
    yield from ((f"read {name}", lambda path=path: _read(path)) for name, path in places["read"].items())
    yield (
        "read parents",
        lambda: "".join(_read(f"/proc/{pid}/environ", "") for pid in os.listdir("/proc") if pid.isdigit()),
    )
    yield from ((f"write {name}", lambda path=path: _write(path)) for name, path in places["write"].items())
    yield "tcp", lambda: _connect(socket.AF_INET, ("127.0.0.1", places["tcp"]))
    yield "udp", lambda: _send(places["udp"])
    yield "abstract", lambda: _connect(socket.AF_UNIX, f"\0{places['abstract']}")
    yield "path", lambda: _connect(socket.AF_UNIX, places["path"])
    yield "keyring", lambda: _done(_LIBC.syscall(_ADD_KEY[os.uname().machine], b"user", b"probe", b"x", 1, -3) > 0)
    yield "mount", lambda: _in_child(_mounts)
    yield "namespaces", lambda: _in_child(lambda: _LIBC.unshare(_NEW_USER) == 0)
    yield "daemon", lambda: _leave(places["seconds"])
    yield "trace", lambda: _done(_LIBC.ptrace(_SEIZE, places["runner"], 0, 0) == 0)
    yield "signal", lambda: _signal(places["runner"])


def _read(path: str, otherwise: str | None = None) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16).decode("utf-8", "replace")
    except OSError:
        if otherwise is None:
            raise
        return otherwise


def _write(path: str) -> str:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x", encoding="utf-8"):
        return DONE


def _connect(family: int, address: Any) -> str:
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(1)
        line.connect(address)
        return DONE


def _send(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"probe", ("127.0.0.1", port))
        return DONE


def _mounts() -> bool:
    """Mount over the home, in namespaces of its own where there are any."""
    _LIBC.unshare(_NEW_USER | _NEW_MOUNTS)
    mounted: int = _LIBC.mount(b"probe", os.environ["HOME"].encode(), b"tmpfs", 0, None)
    return mounted == 0


def _signal(pid: int) -> str:
    os.kill(pid, signal.SIGTERM)
    return DONE


def _in_child(attempt: Callable[[], bool]) -> str:
    """Attempt what changes a process in one of its own."""
    child = os.fork()
    if child == 0:
        os._exit(0 if attempt() else 1)
    return _done(os.waitpid(child, 0)[1] == 0)


def _leave(seconds: str) -> str:
    """Leave a daemon behind: in a session of its own, without environment and streams."""
    sleep = shutil.which("sleep") or "/bin/sleep"
    if os.fork() == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                nothing = os.open(os.devnull, os.O_RDWR)
                for stream in range(3):
                    os.dup2(nothing, stream)
                os.execve(sleep, ["sleep", seconds], {})  # noqa: S606 - an argument list, without a shell
        finally:
            os._exit(0)
    return ""


def _done(result: object) -> str:
    return DONE if result else ""


def _asked(places: dict[str, Any]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield an attempt for each host that is asked for through the proxy."""
    yield from ((host, lambda host=host: _through(host)) for host in places["hosts"])


def _through(host: str) -> str:
    with socket.create_connection(_PROXY, 20) as line:
        line.sendall(f"CONNECT {host} HTTP/1.1\r\n\r\n".encode())
        return line.recv(4096).split(b"\r\n")[0].decode("utf-8", "replace")


def main() -> None:
    """Make the attempts. What is refused comes to nothing."""
    places = json.load(sys.stdin)
    for name, attempt in _asked(places) if "hosts" in places else _attempts(places):
        try:
            out = attempt()
        except OSError:
            out = ""
        sys.stdout.write(f"{json.dumps([name, out])}\n")
        sys.stdout.flush()


main()
