"""Decisions are read and listed once, and what anybody adds or removes counts at once all the same."""

import os
import random
import time

import pytest

from run_milestone.model import Decision, Verb
from run_milestone.store import State
from run_milestone.store.json_record import SETTLED, RecordNames
from run_milestone.store.steady import Steady


def decision(gate, verb=Verb.FIX):
    return Decision(0, gate, verb, "ada", "2026-01-01", "")


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "m1")


def test_decisions_at_gates_are_those_among_all(state):
    chance, gates = random.Random(7), ["01", "02", "phase-1", "phase-2"]
    for _ in range(40):
        state.decisions.record(decision(chance.choice(gates)))
        asked = chance.sample(gates, 2)
        assert state.decisions.at(*asked) == tuple(one for one in state.decisions.all() if one.gate in asked)


@pytest.mark.parametrize("old", [True, False], ids=["folder settled", "folder fresh"])
def test_a_decision_written_elsewhere_counts_at_once(state, monkeypatch, old):
    state.decisions.record(decision("01"))
    later = time.time_ns() + (2 * SETTLED if old else 0)
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert len(state.decisions.all()) == 1
    State(state.folder).decisions.record(decision("02"))
    assert [one.gate for one in state.decisions.all()] == ["01", "02"]


def test_a_deleted_decision_counts_no_more(state, monkeypatch):
    state.decisions.record(decision("01"))
    later = time.time_ns() + 2 * SETTLED
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert state.decisions.all()
    time.sleep(0.01)  # the file system's clock ticks coarsely
    next((state.folder / "decisions").iterdir()).unlink()
    assert state.decisions.all() == ()
    assert state.decisions.at("01") == ()


def test_a_folder_is_listed_once_while_it_stays(tmp_path, monkeypatch):
    later = time.time_ns() + 2 * SETTLED
    monkeypatch.setattr(time, "time_ns", lambda: later)
    (tmp_path / "0001-01-fix.json").write_text("{}")
    names = RecordNames(tmp_path, Steady())
    before = names.get()
    monkeypatch.setattr(os, "listdir", lambda folder: pytest.fail(f"{folder} is listed again"))
    assert names.get() is before


def test_only_an_issues_own_decisions_are_forgotten(state):
    for gate in ("10", "phase-10", "01"):
        state.decisions.record(decision(gate))
    state.forget_issue("10")
    assert [one.gate for one in state.decisions.all()] == ["phase-10", "01"]
    assert state.decisions.next() == 4
