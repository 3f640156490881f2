"""One run per milestone and machine: the next is refused and learns who holds it, also while an orphan lives."""

import os
import signal
import subprocess
import sys
import time

import pytest

from run_milestone.core.errors import BusyError, DamagedStateError, ExitCode
from run_milestone.store import run_lock
from run_milestone.store.run_lock import held

HOLD = """
import subprocess, sys, time
from pathlib import Path
from run_milestone.store.run_lock import held
with held(Path(sys.argv[1])) as handle:
    if sys.argv[2:]:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        orphan = subprocess.Popen(["sleep", "60"], pass_fds=[handle], **quiet)
        print(orphan.pid, flush=True)
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder, *words):
    """Start a process that takes the lock; returns it and the lines it printed before that."""
    command = [sys.executable, "-c", HOLD, str(folder), *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines = []
    while (line := process.stdout.readline().strip()) not in {"held", ""}:
        lines.append(line)
    return process, lines


def end(process):
    process.kill()
    process.communicate()


def test_the_second_run_learns_who_holds_the_lock(tmp_path):
    first, _ = holder(tmp_path / "m4.1")
    began = time.monotonic()
    with pytest.raises(BusyError) as refused, held(tmp_path / "m4.1"):
        pass
    assert time.monotonic() - began < 1
    end(first)
    assert refused.value.code == ExitCode.BUSY == 5
    assert f"Milestone m4.1 is being run by process {first.pid} on " in str(refused.value)
    assert "run-milestone status m4.1" in str(refused.value)


def test_another_milestone_is_free(tmp_path):
    first, _ = holder(tmp_path / "m4.1")
    with held(tmp_path / "m4.2"):
        end(first)


def test_it_is_free_after_kill_9(tmp_path):
    first, _ = holder(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with held(tmp_path):
        pass
    with held(tmp_path):
        pass


def test_one_of_many_simultaneous_runs_gets_it(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    refused = 0
    deadline = time.monotonic() + 30
    while sum(process.poll() is not None for process in processes) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in processes:
        refused += process.poll() is not None
        _, err = process.communicate()
        assert process.returncode == 0 or "BusyError" in err
    print(f"figure: refused {refused} / {len(processes)}")
    assert refused == 5


def test_an_orphan_holds_the_lock_until_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(run_lock, "PATIENCE", 0.3)
    first, (orphan,) = holder(tmp_path, "with an orphan")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with pytest.raises(BusyError, match=f"process {first.pid}"), held(tmp_path):
        pass
    os.kill(int(orphan), signal.SIGKILL)
    with held(tmp_path):
        pass


def test_a_new_run_waits_for_orphans(tmp_path):
    first, (orphan,) = holder(tmp_path, "with an orphan")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    ender = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -9 {orphan}"])
    with held(tmp_path):
        assert ender.wait() == 0


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"pid": "x"}', b'{"pid": 1', b"\xff\xfe", b"[" * 5000])
def test_old_content_of_the_lock_prevents_nothing(tmp_path, left):
    (tmp_path / "lock").write_bytes(left)
    with held(tmp_path):
        assert f'"pid": {os.getpid()}' in (tmp_path / "lock").read_text()


def test_an_unreadable_holder_is_still_a_holder(tmp_path):
    first, _ = holder(tmp_path)
    (tmp_path / "lock").write_bytes(b"[" * 4000)
    with pytest.raises(BusyError, match="process unknown on this machine"), held(tmp_path):
        pass
    end(first)


@pytest.mark.parametrize("place", [os.mkdir, lambda path: os.symlink(path.parent / "elsewhere", path)])
def test_a_lock_that_is_no_file_is_refused(tmp_path, place):
    place(tmp_path / "lock")
    with pytest.raises(DamagedStateError, match="lock cannot be opened"), held(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()
