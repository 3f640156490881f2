"""Start services, wait until they are ready, run a command, and end them: `service_runner.py SETTINGS COMMAND…`.

A copy of this file runs in the box of the command, so that the services end with the box, however it ends. It imports
nothing of run_milestone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds in which a service has to get ready, and its stop command to end."""
_PAUSE = 0.1
_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""


class NotServedError(Exception):
    """A service does not do what the tests need; the message says why."""


class Service:
    """One service: its commands, and the process that its start command made."""

    def __init__(self, spec: dict[str, list[str]], log: Path) -> None:
        """Take the commands `start`, `ready` and `stop`; the output goes to `log`."""
        self._spec = spec
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._name = "`" + " ".join(spec["start"]) + "`"

    def start(self) -> None:
        """Start it and wait until it is ready. A start command that ends with 0 leaves its service behind."""
        with self._log.open("ab") as out:
            try:
                self._process = subprocess.Popen(self._spec["start"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            except OSError as error:
                raise NotServedError(f"{self._name} could not start: {error.strerror}") from None
        until = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self._process.poll():
                raise NotServedError(f"{self._name} ended with exit code {self._process.poll()}{self._words()}")
            if time.monotonic() > until:
                raise NotServedError(f"{self._name} did not get ready within {PATIENCE:.0f} s{self._words()}")
            time.sleep(_PAUSE)

    def _is_ready(self) -> bool:
        if not self._spec["ready"]:
            time.sleep(_PAUSE)
            return self._process is not None and not self._process.poll()
        return self._run("ready")

    def check(self) -> None:
        """Raise NotServedError where it died while the tests ran."""
        code = self._process.poll() if self._process else None
        if code or (code == 0 and self._spec["ready"] and not self._run("ready")):
            raise NotServedError(f"{self._name} died while the tests ran (exit code {code}){self._words()}")

    def stop(self) -> None:
        """Run its stop command, then end what is left of its process."""
        if self._spec["stop"]:
            self._run("stop")
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process is None or self._process.poll() is not None:
                return
            self._process.send_signal(number)
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                continue

    def _run(self, name: str) -> bool:
        with self._log.open("ab") as out:
            try:
                ran = subprocess.run(
                    self._spec[name], stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=PATIENCE, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                out.write(f"{name}: {error}\n".encode())
                return False
        return ran.returncode == 0

    def _words(self) -> str:
        lines = [line for line in self._log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return f": {lines[-1].strip()[:200]}" if lines else ""


def _refuse_busy(port: int | None) -> None:
    """Raise NotServedError where another program has the tree's port."""
    if port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NotServedError(f"port {port} of this tree cannot be used: {error.strerror}") from None


def _served(settings: dict[str, Any], command: list[str], folder: Path) -> int:
    """Run the command among its services; returns its exit code. Errors: NotServedError."""
    services = [Service(spec, folder / f"service-{number}.log") for number, spec in enumerate(settings["services"])]
    if settings["left_over"]:
        for service in services:
            service.stop()
    _refuse_busy(settings["port"])
    started: list[Service] = []
    try:
        for service in services:
            started.append(service)
            service.start()
        _note(folder, "")
        code = subprocess.call(command)
        for service in services:
            service.check()
        return code
    finally:
        for service in reversed(started):
            service.stop()


def _note(folder: Path, problem: str) -> None:
    (folder / "problem.txt").write_text(problem, encoding="utf-8")


def main(settings: str, *command: str) -> int:
    """Run the command among the services in the file `settings`, and end as it ends."""
    folder = Path(settings).parent
    try:
        code = _served(json.loads(Path(settings).read_text(encoding="utf-8")), list(command), folder)
    except NotServedError as error:
        began = (folder / "problem.txt").exists()
        _note(folder, f"{'during' if began else 'before'}\n{error}")
        return 1
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    if code < 0:
        with contextlib.suppress(OSError):  # nothing handles SIGKILL
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    raise SystemExit(main(*sys.argv[1:]))
