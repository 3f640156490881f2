"""Run commands in forks of a process that has imported run_milestone, because a new Python takes 0.4 s to do so.

Each command has a process, folder, environment, streams and exit code of its own, as one that starts anew.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ")
"""Beginnings of variables that Python reads when it starts."""
USED_LATE = (
    *("alembic.operations", "detect_secrets.plugins.keyword", "doit.doit_cmd", "git", "jinja2", "jsonschema"),
    *("junitparser", "sqlglot", "unidiff"),
)
"""Heavy modules that run_milestone imports inside functions."""


@dataclass(frozen=True)
class Prestarted:
    """The process that waits for commands, what decided how its Python started, and the socket to it."""

    process: subprocess.Popen
    start: tuple[str, dict[str, str]]
    requests: socket.socket

    def run(self, module, words, folder, environment, stdin, timeout):
        """Run a module with these words; returns its exit code, output and errors."""
        with contextlib.ExitStack() as files:
            streams = [files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            streams[0].write((stdin or "").encode())
            streams[0].seek(0)
            reply, theirs = (files.enter_context(os.fdopen(end)) for end in os.pipe())
            asked = json.dumps([module, [str(word) for word in words], str(folder), environment]).encode()
            socket.send_fds(self.requests, [asked], [*(file.fileno() for file in streams), theirs.fileno()])
            theirs.close()
            return _code(reply, timeout), *(_text(file) for file in streams[1:])

    def stop(self):
        """End the process that waits."""
        self.requests.close()
        self.process.wait()


def _code(reply, timeout):
    """Wait for the exit code of a command; one that takes too long is killed."""
    process = int(reply.readline())
    waiting = select.poll()  # `select` refuses a process that holds over a thousand files
    waiting.register(reply, select.POLLIN)
    if not waiting.poll(timeout * 1000):
        os.kill(process, signal.SIGKILL)
        raise TimeoutError(timeout)
    return int(reply.readline())


def _text(file):
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def prestarted(environment):
    """Return the process that runs commands, None where Python would start in another way with this environment."""
    process = _start()
    return process if process.start == _at_start(environment) else None


def _at_start(environment):
    return sys.executable, {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


@functools.cache
def _start():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        words = [sys.executable, __file__, "run-milestone", str(theirs.fileno())]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
    started = Prestarted(process, _at_start(os.environ), ours)
    atexit.register(started.stop)
    return started


def serve(requests):
    """Fork for each request and reply with the exit code, until nobody can ask any more."""
    running = {}
    while True:
        ready = select.select([requests, *running], [], [])[0]
        for command in running.keys() & set(ready):
            process, reply = running.pop(command)
            _say(reply, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
            _close(command, reply)
        if requests in ready:
            message, files, _, _ = socket.recv_fds(requests, 1 << 20, 4, socket.MSG_CMSG_CLOEXEC)
            if not message:
                return
            process = os.fork()
            if process == 0:
                _become(files, *json.loads(message))
            _say(files[3], process)
            _close(*files[:3])
            running[os.pidfd_open(process)] = process, files[3]


def _say(reply, number):
    with contextlib.suppress(BrokenPipeError):
        os.write(reply, f"{number}\n".encode())


def _close(*files):
    for file in files:
        os.close(file)


def _become(files, module, words, folder, environment):
    """Be the command: take its streams, folder and environment, and run the module."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    _close(*files)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0], sys.argv = folder, [module, *words]
    os._exit(_run(module))  # to take all those modules apart would cost 0.1 s


def _run(module):
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # noqa: BLE001 - as Python does at its end
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    return code


def _import_everything():
    import run_milestone

    sys.path[0] = str(Path(run_milestone.__file__).parents[1])
    names = [module.name for module in pkgutil.walk_packages(run_milestone.__path__, "run_milestone.")]
    for name in (*names, *USED_LATE):
        if not name.endswith("__main__") and ".adapters.process." not in name:
            importlib.import_module(name)
    _compile_presets()
    gc.collect()
    gc.freeze()


def _compile_presets():
    """Compile the expressions of the package's own tables, which every run that has a change to check compiles."""
    from run_milestone.checks import suppressions
    from run_milestone.core import presets
    from run_milestone.plan import schema

    presets.languages(), presets.coding_agents(), schema._validator()
    for kind in ("decides", "steers", "shows", "installs", "unread", "spared"):
        presets.configuration(kind).match("")
    for kind in ("skips", "assertions", "asks", "looks"):
        presets.any_of(kind)
    for kind in ("line", "whole_file"):
        suppressions._any(kind)


if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[2]), False)
    _import_everything()
    serve(socket.socket(fileno=int(sys.argv[2])))
