"""Markers are whole or absent. An error names a damaged one; it is never taken for done, and never hangs a run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from run_milestone.core.errors import DamagedStateError
from run_milestone.model import Passed
from run_milestone.model import Tested as Evidence  # pytest takes what is called Test… for a class of tests
from run_milestone.store import State

TASK = "03:test"
INPUTS = {"commit": "0123456789abcdef", "tests": "fedcba9876543210"}
FOUND = Evidence("a" * 40, 52, ("tests.test_users::test_name",), skipped=1, known=("tests.test_old::test_it",))


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "m4.1")


@pytest.fixture
def marker(state):
    state.markers.write(TASK, INPUTS, FOUND, 1.23456)
    return state.markers.path(TASK)


def outcome(state):
    """Return what reading the marker gives: the evidence is `taken`, `absent`, or `refused` with the file's name."""
    try:
        evidence = state.markers.evidence(TASK, Evidence)
    except DamagedStateError as error:
        return "refused" if str(state.markers.path(TASK)) in str(error) else f"refused without the name: {error}"
    return "absent" if evidence is None else "taken"


@pytest.mark.parametrize(
    ("task", "file"),
    [
        ("bootstrap", "bootstrap.json"),
        ("plan-review", "plan-review.json"),
        ("complete", "complete.json"),
        ("03:test-gate", "issues/03/test-gate.json"),
        ("phase-12", "phases/12.json"),
    ],
)
def test_each_task_has_its_file(state, task, file):
    assert state.markers.read(task) is None
    state.markers.write(task, INPUTS, Passed(("needs-db-review",), (1,)), 0.5)
    assert (state.folder / file).is_file()
    assert state.markers.evidence(task, Passed) == Passed(("needs-db-review",), (1,))


def test_a_marker_is_read_as_it_was_written(state, marker):
    record = state.markers.read(TASK)
    assert (record.task, record.inputs, record.took) == (TASK, INPUTS, 1.235)
    assert state.markers.evidence(TASK, Evidence) == FOUND
    assert marker.read_text().endswith("}\n")
    assert marker.stat().st_mode & 0o777 == 0o644


def test_forgetting_an_issue_deletes_all_its_markers(state, marker):
    state.markers.write("03:lint", INPUTS, Passed(), 0)
    state.markers.write("04:lint", INPUTS, Passed(), 0)
    state.markers.forget("03")
    assert (outcome(state), state.markers.read("03:lint")) == ("absent", None)
    assert state.markers.read("04:lint") is not None
    state.markers.forget("04:lint")
    state.markers.forget("04:lint")
    assert state.markers.read("04:lint") is None


def test_no_truncation_is_taken_for_done(state, marker):
    whole = marker.read_bytes()
    taken = []
    for length in range(len(whole) - 1):  # without its last newline it is still whole
        marker.write_bytes(whole[:length])
        if outcome(state) != "refused":
            taken.append(length)
    print(f"figure: truncations wrongly accepted: {len(taken)} / {len(whole) - 1}")
    assert taken == []


def test_a_flipped_bit_never_makes_a_marker_absent(state, marker):
    """A flip inside a value is like an edit by a person. No flip makes a marker absent."""
    whole = marker.read_bytes()
    seen = {"refused": 0, "taken": 0, "absent": 0}
    for place in range(len(whole)):
        for bit in (1, 128):
            marker.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            seen[outcome(state)] += 1
    print(f"figure: flips: {seen}")
    assert seen["absent"] == 0
    assert seen["refused"] > seen["taken"]


HOSTILE = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "a string": b'"done"',
    "true": b"true",
    "NUL bytes": b"\0" * 300,
    "UTF-16": '{"task": "03:test"}'.encode("utf-16"),
    "Latin-1": b'{"task": "\xe9"}',
    "two documents": b"{}{}",
    "deep nesting": b"[" * 100_000,
    "deep and closed": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "ten megabytes": b" " * 10_000_000 + b"{}",
    "conflict marks": b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>>\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_no_marker_is_refused(state, marker, content):
    marker.write_bytes(content)
    assert outcome(state) == "refused"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"took": 1.235', '"took": NaN'),
        ('"took": 1.235', '"took": -Infinity'),
        ('"took": 1.235', '"took": true'),
        ('"passed": 52', '"passed": "52"'),
        ('"passed": 52', '"passed": 52.5'),
        ('"passed": 52', '"passed": null'),
        ('"passed": 52', '"passed": false'),
        ('"failed": [', '"failled": ['),
        ('"inputs": {', '"inputs": {"more": 1, '),
        ('"task": "03:test"', '"task": "04:test"'),
        ('"task": "03:test"', '"task": "03:lint"'),
        ('"at": ', '"more": 1, "at": '),
    ],
)
def test_a_value_of_another_shape_is_refused(state, marker, old, new):
    text = marker.read_text()
    assert old in text
    marker.write_text(text.replace(old, new))
    assert outcome(state) == "refused"


def test_a_copy_of_another_tasks_marker_is_refused(state, marker):
    state.markers.write("04:test", INPUTS, FOUND, 1)
    shutil.copy(state.markers.path("04:test"), marker)
    assert outcome(state) == "refused"


def places(path, elsewhere):
    elsewhere.write_text(path.read_text())
    path.unlink()
    return {
        "FIFO": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "symlink to a good marker": lambda: path.symlink_to(elsewhere),
        "dangling symlink": lambda: path.symlink_to(elsewhere.with_name("nowhere")),
        "circle of symlinks": lambda: path.symlink_to(path),
    }


@pytest.mark.parametrize(
    "kind", ["FIFO", "directory", "symlink to a good marker", "dangling symlink", "circle of symlinks"]
)
def test_a_marker_that_is_no_file_is_refused(state, marker, tmp_path, kind):
    places(marker, tmp_path / "elsewhere.json")[kind]()
    began = time.monotonic()
    assert outcome(state) == "refused"
    assert time.monotonic() - began < 1


def test_a_file_where_a_folder_belongs_is_refused(state):
    (state.folder / "issues").mkdir(parents=True)
    (state.folder / "issues" / "03").write_text("")
    assert outcome(state) == "refused"


def test_no_secret_of_the_environment_reaches_a_marker(state, monkeypatch):
    monkeypatch.setenv("FORGE_TOKEN", "canary-5f1d9e")
    state.markers.write(TASK, INPUTS, Evidence("a" * 40, 0, problem="401 for canary-5f1d9e"), 1)
    assert "canary" not in state.markers.path(TASK).read_text()
    assert state.markers.evidence(TASK, Evidence).problem == "401 for [redacted]"


WRITER = """
import sys
from pathlib import Path
from run_milestone.model import Tested
from run_milestone.store import State
markers = State(Path(sys.argv[1])).markers
print("writing", flush=True)
for number in range(10**9):
    markers.write("03:test", {"commit": f"{number:016}"}, Tested("a" * 40, number, ("x" * 5000,)), 1)
"""


def test_a_killed_writer_leaves_a_whole_marker(state):
    whole = 0
    for seed in range(30):
        command = [sys.executable, "-c", WRITER, str(state.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(random.Random(seed).random() * 0.03)
            writer.send_signal(signal.SIGKILL)
        marker = state.markers.read(TASK)
        assert marker is None or marker.inputs["commit"] == f"{marker.evidence['passed']:016}"
        whole += marker is not None
    print(f"figure: whole after kill -9: {whole} / 30, torn: 0")
    assert whole


def test_a_failed_write_leaves_only_the_old_marker(state, marker):
    with pytest.raises(ValueError, match="JSON"):
        state.markers.write(TASK, INPUTS, {"cost": float("nan")}, 1)
    assert state.markers.evidence(TASK, Evidence) == FOUND
    assert os.listdir(marker.parent) == ["test.json"]
