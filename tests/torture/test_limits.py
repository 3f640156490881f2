"""Whatever a command does, it ends within its limit and leaves nothing behind; a bad plan costs little to refuse.

A few pairs in every run; `pytest -m torture tests/torture/test_limits.py` tries each.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from run_milestone.adapters.process import Processes, child
from run_milestone.adapters.process.sandbox import candidates
from run_milestone.core.errors import Interrupted
from run_milestone.model import SandboxSpec

NAP = "time.sleep(97531 % 10**6)"
FORK = "pid = os.fork()\nif pid: {parent}\nelse: {child}"
BEHAVIOURS = {
    "hangs": NAP,
    "ignores every signal": "[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 15)]\n" + NAP,
    "floods": "while True: print('x' * 4096)",
    "floods errors": "while True: print('x' * 4096, file=sys.stderr)",
    "forks many": "for _ in range(60): os.fork() or (" + NAP + ")\n" + NAP,
    "closes its output": "os.close(1); os.close(2)\n" + NAP,
    "daemonises and ends": FORK.format(parent="sys.exit()", child="os.setsid(); os.fork() and os._exit(0); " + NAP),
    "daemonises and hangs": FORK.format(parent=NAP, child="os.setsid(); os.fork() and os._exit(0); " + NAP),
    "leaves its group": "os.setpgid(0, 0) if os.getpid() != os.getpgrp() else None\n" + NAP,
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)\n" + NAP,
    "a daemon that forgets its name": FORK.format(
        parent=NAP, child="os.setsid(); os.execve(sys.executable, ['x', '-c', 'import time; " + NAP + "'], {})"
    ),
}
LIMITS = ("time", "stopped", "killed")
BOXES = ("none", *(sandbox.kind for sandbox in candidates(SandboxSpec(), ()) if sandbox.missing() is None))
PATIENCE = 30.0
"""Seconds after which whatever still runs counts as left behind."""
RUNNER = """
import sys
from run_milestone.adapters.process import Processes
from run_milestone.model import SandboxSpec
processes = Processes()
processes.confine(SandboxSpec({box!r}), ())
processes.untrusted(("{python}", "-c", {program!r}), cwd={cwd!r}, timeout=600)
"""


def survivors(mark):
    """Return the processes whose command holds a mark; a process that forked has that of its parent."""
    alive = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                alive.append(pid)
    return alive


def begins_and_is_killed(folder, box, program):
    """Start a runner with a command, and kill it once the command works."""
    text = RUNNER.format(box=box, python=sys.executable, program=program, cwd=str(folder))
    runner = subprocess.Popen([sys.executable, "-c", text], cwd="/", stderr=subprocess.DEVNULL)
    began = time.monotonic()
    while not (folder / "begun").exists() and runner.poll() is None and time.monotonic() - began < PATIENCE:
        time.sleep(0.02)
    runner.kill()
    runner.wait()


def begins_and_is_ended(folder, box, program, limit, seconds=0.6):
    """Run a command until its time is up, or until everything is stopped; on a busy machine it gets more time."""
    processes = Processes()
    processes.confine(SandboxSpec(box), ())
    if limit == "stopped":
        threading.Timer(seconds, processes.stop).start()
    with contextlib.suppress(Interrupted):
        timeout = seconds if limit == "time" else 600
        processes.untrusted((sys.executable, "-c", program), cwd=folder, timeout=timeout)
    processes.stop()
    if not (folder / "begun").exists() and seconds < PATIENCE / 4:
        begins_and_is_ended(folder, box, program, limit, seconds * 3)


def left_behind(folder, box, limit, behaviour):
    """Let a command misbehave until its limit ends it; returns what is wrong then, None where nothing is."""
    mark = f"97531{time.monotonic_ns()}"
    program = f"import os, signal, sys, time\nopen('begun', 'w')\n{BEHAVIOURS[behaviour]}".replace("97531", mark)
    began = time.monotonic()
    if limit == "killed":
        begins_and_is_killed(folder, box, program)
    else:
        begins_and_is_ended(folder, box, program, limit)
    took, until = time.monotonic() - began, time.monotonic() + 5
    while (alive := survivors(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    for pid in alive:
        with contextlib.suppress(OSError):
            os.kill(int(pid), 9)
    if alive:
        return f"{box}, {limit}, {behaviour}: {len(alive)} processes are left"
    if not (folder / "begun").exists():
        return f"{box}, {limit}, {behaviour}: it never began"
    return f"{box}, {limit}, {behaviour}: it took {took:.1f} s" if took > PATIENCE else None


def sweep(tmp_path, pairs):
    wrong = []
    for number, pair in enumerate(pairs):
        folder = tmp_path / f"tree-{number}"
        folder.mkdir()
        wrong.append(left_behind(folder, *pair))
    wrong = [one for one in wrong if one]
    print(f"figure: row 17: limits and behaviours: {len(pairs) - len(wrong)} / {len(pairs)}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(child, "GRACE", 0.5)


@pytest.mark.torture
def test_no_behaviour_outlives_its_limit(tmp_path):
    sweep(tmp_path, [(box, limit, behaviour) for box in BOXES for limit in LIMITS for behaviour in BEHAVIOURS])


def test_a_few_behaviours_end_at_their_limit(tmp_path):
    sweep(tmp_path, [("none", "time", "daemonises and hangs"), ("none", "stopped", "ignores every signal")])


MEGABYTES = 200
CHECKED = """
import json, resource, sys, time
from run_milestone.commands import main
began = resource.getrusage(resource.RUSAGE_SELF)
code = main(["plan", "check", "m1"])
ended = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([code, ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime, ended.ru_maxrss // 1024]))
"""
BOMBS = {
    "ten megabytes": b"x" * 10_000_000,
    "deep flow": b"[" * 100_000,
    "deep mappings": b"{a: " * 100_000,
    "one huge list": b"[" + b"a," * 2_000_000 + b"]",
    "aliases": b"a0: &a0 [x]\n"
    + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 50_000)),
    "many bad issues": b"phases: [" + b"{issues: [{}]}," * 20_000 + b"]",
    "a long circle": b"id: m1\ntitle: T\nphases:\n  - issues:\n"
    + b"".join(b"      - {number: %d, title: T%d, depends_on: [%d]}\n" % (n, n, n % 900 + 1) for n in range(1, 901)),
    "one long scalar": b"id: m1\ntitle: " + b"a" * 4_000_000,
    "many columns": b"id: m1\n" + b" " * 3_000_000 + b"title: T\n",
}


@pytest.mark.torture
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_little_time_and_memory(tmp_path, bomb):
    (tmp_path / "plans/m1").mkdir(parents=True)
    (tmp_path / "plans/m1/plan.yaml").write_bytes(BOMBS[bomb])
    done = subprocess.run(
        [sys.executable, "-c", CHECKED], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    code, seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    assert (code, "Traceback" in done.stderr) == (2, False)
    assert seconds < 2
    assert megabytes < MEGABYTES
    print(f"figure: row 14: a bomb ({bomb}, {seconds:.2f} s, {megabytes} MB): 1 / 1")
