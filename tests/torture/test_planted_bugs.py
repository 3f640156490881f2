"""The harness proves itself: bugs that are planted in the runner are caught, each by the trials of its row.

A marker before its effect and nothing read back stand in test_faults.py, a push without a lease in test_sequences.py.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.convergence import wrongly_ended
from support.faults import Fault
from support.faulty_milestone import FaultyMilestone
from test_bound_answers import answers_to_something_else

from run_milestone.policy import gating

pytestmark = pytest.mark.torture

KILLED_WHILE_WRITING = """
import os
_fsync, _left = os.fsync, [{call}]
def fsync(handle):
    _left[0] -= 1
    if _left[0] == 0:
        os.kill(os.getpid(), 9)
    _fsync(handle)
os.fsync = fsync
"""
NO_RENAME = """
import os
from run_milestone.core import fs
def _write(path, text, *, lasting):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        os.fsync(file.fileno())
        file.write(text[len(text) // 2 :])
fs._write = _write
"""
NO_LOCK = """
import contextlib, os
from run_milestone.store import run_lock
import run_milestone.runner.stages as stages
@contextlib.contextmanager
def held(folder):
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    yield handle
    os.close(handle)
stages.held = held
"""
UNVALIDATED = """
from run_milestone.adapters.git import checkout, cmd
cmd.object_id = checkout.object_id = lambda text, what: text.strip()
cmd.checked = checkout.checked = lambda text, what: text.strip()
"""


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return FaultyMilestone(tmp_path_factory.mktemp("start") / "home").make()


def torn(start, bug, call):
    """Kill a run while it writes; returns whether a record was left half-written, so that the next run stops at it."""
    milestone = start.copy(start.folder.with_name(f"torn-{bool(bug)}-{call}"))
    milestone.bug = bug
    milestone.injected = KILLED_WHILE_WRITING.format(call=call)
    milestone.runs()
    milestone.good()
    return milestone.goes_on() is None


def test_a_record_without_a_rename_is_caught(start):
    calls = range(3, 30, 6)
    assert not any(torn(start, "", call) for call in calls)
    caught = [call for call in calls if torn(start, NO_RENAME, call)]
    print(f"figure: row 9: planted: no rename: {min(1, len(caught))} / 1")
    assert caught


def refused(start, bug):
    """Run twice at once; returns whether one of the two was refused."""
    milestone = start.copy(start.folder.with_name(f"twice-{bool(bug)}"))
    milestone.bug = bug
    twin = FaultyMilestone(milestone.folder, bug)
    twin.forge = milestone.forge
    with ThreadPoolExecutor(2) as two:
        return 5 in two.map(lambda one: one.runs(), (milestone, twin))


def test_a_run_without_a_lock_is_caught(start):
    assert refused(start, "")
    assert not refused(start, NO_LOCK)
    print("figure: row 7: planted: no lock: 1 / 1")


def test_an_approval_by_name_alone_is_caught(tmp_path, monkeypatch):
    assert answers_to_something_else(tmp_path / "good")[1] == []
    monkeypatch.setattr(gating, "refusal", lambda *_: None)
    wrong = answers_to_something_else(tmp_path / "broken")[1]
    assert wrong
    print("figure: row 10: planted: approval by name alone: 1 / 1")


def test_an_unvalidated_answer_is_caught(start):
    """git says that it made a commit and names none."""

    def goes_wrong(bug):
        milestone = start.copy(start.folder.with_name(f"unvalidated-{bool(bug)}"))
        milestone.bug = bug
        milestone.plant(Fault("git", "commit-tree", "nothing"))
        return wrongly_ended(milestone, milestone.runs())

    assert goes_wrong("") is None
    assert goes_wrong(UNVALIDATED)
    print("figure: row 3: planted: an answer trusted unvalidated: 1 / 1")


def test_the_command_counts_what_failed(tmp_path):
    kept = tmp_path / "kept.json"
    command = [sys.executable, "-m", "tests.torture", "--row", "7", "--sample", "--kept", str(kept)]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stdout + first.stderr
    record = json.loads(kept.read_text())
    kept.write_text(json.dumps({**record, "ended": {key: [1, 2] for key in record["ended"]}}))
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1, "a second call goes on from what has ended"
    assert f"row  7: {len(record['ended'])}/{2 * len(record['ended'])}" in again.stdout
