"""A marker, decision or gate that somebody else wrote differs from what the journal holds of it."""

import json

import pytest

from run_milestone.core.errors import DamagedStateError
from run_milestone.model import Decision, Gate, Kind, Verb
from run_milestone.store import State
from run_milestone.store.markers import marker_digest
from run_milestone.store.record_check import RecordCheck, refuse_forged

INPUTS, EVIDENCE = {"commit": "a"}, {"passed": 3, "failed": ["test_b"]}


def mark(state, evidence):
    state.usage.count("01:test", "done", 0.1, record=marker_digest(INPUTS, evidence))
    state.markers.write("01:test", INPUTS, evidence, 0.1)


@pytest.fixture
def state(tmp_path):
    """A state with a marker, an open gate and a decision, as a run leaves them."""
    state = State(tmp_path / "m1")
    mark(state, EVIDENCE)
    state.gates.open(Gate("01", Kind.TESTS, 1, 2, (Verb.FIX, Verb.SKIP), (), "d" * 64, ""))
    state.decisions.record(Decision(0, "02", Verb.SKIP, "ada", "", "later"))
    return state


def edit(path, **what):
    path.write_text(json.dumps({**json.loads(path.read_text()), **what}))


def test_what_a_run_wrote_agrees(state):
    check = RecordCheck(state)
    assert (check.marker("01:test"), list(check.answers())) == (None, [])
    refuse_forged(state)


def test_later_secret_accuses_no_record(state, monkeypatch):
    mark(state, {"passed": 3, "failed": ["tests/test_orders.py"]})
    monkeypatch.setenv("SHOP_PASSWORD", "tests/test_orders")
    assert RecordCheck(state).marker("01:test") is None


@pytest.mark.parametrize(
    "what",
    [{"evidence": {**EVIDENCE, "passed": 4}}, {"evidence": {"passed": 3, "failed": []}}, {"inputs": {"commit": "b"}}],
    ids=["a figure", "a verdict", "an input"],
)
def test_an_edited_marker_is_named(state, what):
    edit(state.markers.path("01:test"), **what)
    assert "is not what the run recorded" in RecordCheck(state).marker("01:test")


def test_a_marker_put_back_is_named(state):
    before = state.markers.path("01:test").read_text()
    mark(state, {"passed": 4})
    assert RecordCheck(state).marker("01:test") is None
    state.markers.path("01:test").write_text(before)
    assert "older than the journal's last entry" in RecordCheck(state).marker("01:test")


def test_a_corrected_marker_agrees(state):
    state.correct("01:test", {"commit": "b"}, {"passed": 5})
    assert RecordCheck(state).marker("01:test") is None
    assert state.markers.read("01:test").took == 0.1


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("decisions/0001-02-skip.json", {"who": "alice"}),
        ("decisions/0001-02-skip.json", {"why": "approved by the board"}),
        ("gates/01.json", {"verbs": ["approve"]}),
        ("gates/01.json", {"findings": [], "kind": "size"}),
    ],
)
def test_an_edited_answer_stops_the_run(state, name, what):
    edit(state.folder / name, **what)
    ((path, why),) = RecordCheck(state).answers()
    assert (path, "somebody else wrote it" in why) == (state.folder / name, True)
    with pytest.raises(DamagedStateError, match=path.name):
        refuse_forged(State(state.folder))


@pytest.mark.parametrize("kind", ["decision", "gate"])
def test_a_forged_answer_stops_the_run(state, kind):
    other = state.folder / ("decisions/0001-02-skip.json" if kind == "decision" else "gates/01.json")
    forged = other.with_name("0002-01-approve.json" if kind == "decision" else "02.json")
    forged.write_text(other.read_text())
    edit(forged, **({"id": 2, "gate": "01", "verb": "approve"} if kind == "decision" else {"gate": "02"}))
    with pytest.raises(DamagedStateError, match=f"{forged.name} is not in the journal"):
        refuse_forged(State(state.folder))


def test_entries_without_digests_accuse_nobody(tmp_path):
    """As the version before wrote them."""
    state = State(tmp_path / "m1")
    state.journal.add("done", task="01:test", took=0.1)
    state.markers.write("01:test", INPUTS, EVIDENCE, 0.1)
    record = state.decisions.record(Decision(0, "02", Verb.SKIP, "ada", "", "later"))
    for name in ("journal.jsonl", "journal.head"):
        (state.folder / name).unlink()
    state = State(tmp_path / "m1")
    state.journal.add("done", task="01:test", took=0.1)
    state.journal.add("decision", id=record.id, gate="02", verb="skip", who="ada")
    refuse_forged(state)
    assert RecordCheck(state).marker("01:test") is None


def test_a_journal_begun_anew_takes_answers_up(state):
    for name in ("journal.jsonl", "journal.head"):
        (state.folder / name).unlink()
    state = State(state.folder)
    state.journal.add("run started")
    refuse_forged(state)
    assert [entry["event"] for entry in state.journal.entries()] == ["run started", "gate opened", "decision"]
    edit(state.folder / "gates/01.json", attempt=2)
    with pytest.raises(DamagedStateError):
        refuse_forged(state)
