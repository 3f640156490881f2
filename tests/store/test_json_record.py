"""Gates, decisions and approval files on disk; an error names the file that cannot be read."""

import json
import os
import shutil

import pytest

from run_milestone.core.errors import DamagedStateError
from run_milestone.model import Decision, Finding, Gate, Kind, Severity, Verb
from run_milestone.store import State

FOUND = (Finding(Kind.SIZE, Severity.WARNING, "files", "12 files", "src/users.py", 3),)
GATE = Gate("03", Kind.SIZE, 1, 2, (Verb.APPROVE, Verb.ABORT), FOUND, "d" * 64, "c" * 64)
DECISION = Decision(0, "03", Verb.APPROVE, "ada", "2026-11-22T12:00:00+00:00", "generated", Kind.SIZE, "d" * 64)
DAMAGE = {
    "empty": "",
    "null": "null",
    "torn": '{"gate": "03"',
    "list": "[]",
    "deep": "[" * 100_000,
    "NaN": '{"id": NaN}',
}


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "m4.1")


def seen_later(state):
    """The state as the next process sees it."""
    return State(state.folder)


# ---- gates ----------------------------------------------------------------------------------------------------


def test_a_gate_is_open_until_it_is_closed(state):
    opened, new = state.gates.open(GATE)
    assert new
    assert opened.opened
    again, new = seen_later(state).gates.open(GATE)
    assert (again, new) == (opened, False)
    assert seen_later(state).gates.all() == (opened,)
    state.gates.close("03")
    state.gates.close("03")
    assert seen_later(state).gates.all() == ()


def test_a_gate_that_asks_something_else_is_new(state):
    state.gates.open(GATE)
    since = state.gates.since("03")
    other = Gate("03", Kind.SIZE, 2, 2, (Verb.ABORT,), FOUND, "e" * 64, "c" * 64)
    assert state.gates.open(other)[1]
    assert state.gates.read("03").digest == "e" * 64
    assert state.gates.since("03") >= since


def test_an_immediate_touch_is_newer_than_its_gate(state):
    for number in range(50):
        state.gates.open(Gate("03", Kind.SIZE, number, 2, (Verb.ABORT,), FOUND, "d" * 64, ""))
        path = state.folder / "approvals" / "03.approve"
        path.touch()
        assert state.approvals.all()[0].written >= state.gates.since("03")
        path.unlink()


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_gate_is_told(state, content):
    state.gates.open(GATE)
    (state.folder / "gates" / "03.json").write_text(content)
    for use in (lambda: state.gates.read("03"), state.gates.all, lambda: state.gates.open(GATE)):
        with pytest.raises(DamagedStateError, match=r"gates/03\.json cannot be read"):
            use()


def test_a_gate_under_anothers_name_is_told(state):
    state.gates.open(GATE)
    shutil.copy(state.folder / "gates" / "03.json", state.folder / "gates" / "04.json")
    with pytest.raises(DamagedStateError, match=r"04\.json is the gate of 03, not of 04"):
        state.gates.all()


# ---- decisions ------------------------------------------------------------------------------------------------


def test_decisions_are_numbered_in_order_beyond_9999(state):
    assert [state.decisions.record(DECISION).id for _ in range(3)] == [1, 2, 3]
    folder = state.folder / "decisions"
    late = json.loads((folder / "0003-03-approve.json").read_text())
    (folder / "9999-03-approve.json").write_text(json.dumps({**late, "id": 9999}))
    assert seen_later(state).decisions.record(DECISION).id == 10000
    assert [decision.id for decision in seen_later(state).decisions.all()] == [1, 2, 3, 9999, 10000]


def test_the_same_approval_file_is_one_decision(state):
    one = Decision(0, "03", Verb.FIX, "ada", "", "", source="03.fix:17:42")
    assert state.decisions.record(one) == seen_later(state).decisions.record(one)
    assert len(os.listdir(state.folder / "decisions")) == 1


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_decision_is_told(state, content):
    state.decisions.record(DECISION)
    (state.folder / "decisions" / "0001-03-approve.json").write_text(content)
    with pytest.raises(DamagedStateError, match=r"0001-03-approve\.json cannot be read"):
        seen_later(state).decisions.all()


@pytest.mark.parametrize(
    "name", ["0002-03-approve.json", "0001-04-approve.json", "0001-03-skip.json", "1-03-approve.json", "notes.json"]
)
def test_a_renamed_or_copied_decision_is_told(state, name):
    state.decisions.record(DECISION)
    folder = state.folder / "decisions"
    shutil.copy(folder / "0001-03-approve.json", folder / name)
    with pytest.raises(DamagedStateError, match=f"{name} does not hold the decision that its name says"):
        seen_later(state).decisions.all()


def test_a_deleted_decision_is_taken_back(state):
    state.decisions.record(DECISION)
    (state.folder / "decisions" / "0001-03-approve.json").unlink()
    assert state.decisions.all() == ()


@pytest.mark.parametrize("room", ["gates", "decisions"])
@pytest.mark.parametrize("make", [lambda path: path.write_text(""), os.mkfifo, lambda path: path.symlink_to(path)])
def test_a_damaged_folder_is_not_taken_for_empty(state, room, make):
    state.folder.mkdir()
    make(state.folder / room)
    with pytest.raises(DamagedStateError, match=f"{room} cannot be read"):
        getattr(state, room).all()


# ---- all of it ------------------------------------------------------------------------------------------------


def test_validation_reads_everything_there_is(state):
    assert state.validate() == 0
    state.journal.add("run started")
    state.gates.open(GATE)
    state.decisions.record(DECISION)
    assert seen_later(state).validate() == 3
    (state.folder / "decisions" / "0001-03-approve.json").write_text("{")
    with pytest.raises(DamagedStateError, match="0001-03-approve"):
        seen_later(state).validate()


def test_no_secret_reaches_gates_or_decisions(state, monkeypatch):
    monkeypatch.setenv("FORGE_TOKEN", "canary-5f1d9e")
    findings = (Finding(Kind.FORGE, Severity.CRITICAL, "push", "401 for https://ada:canary-5f1d9e@forge.example/x"),)
    state.gates.open(Gate("03", Kind.FORGE, 1, 2, (Verb.ABORT,), findings, "d" * 64, ""))
    state.decisions.record(Decision(0, "03", Verb.FIX, "ada", "", "canary-5f1d9e", findings=findings))
    assert not [path for path in state.folder.rglob("*.json") if "canary" in path.read_text()]
