"""In a block in which nothing may change, records are read once. What the program writes itself counts all the same."""

import time

import pytest

from run_milestone.core.errors import DamagedStateError
from run_milestone.model import Decision, Pushed, Verb
from run_milestone.store import State


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "m1")
    state.markers.write("01:push", {"commit": "a"}, Pushed("a" * 40), 1.0)
    return state


def change(state, head="b" * 40):
    """Another program records another push."""
    time.sleep(0.01)  # the file system's clock ticks coarsely
    State(state.folder).markers.write("01:push", {"commit": "b"}, Pushed(head), 1.0)


def head(state):
    pushed = state.markers.evidence("01:push", Pushed)
    return pushed.head if pushed else None


def test_outside_of_a_block_every_change_counts(state):
    assert head(state) == "a" * 40
    change(state)
    assert head(state) == "b" * 40
    state.markers.path("01:push").unlink()
    assert head(state) is None


def test_a_block_speaks_of_one_moment(state):
    with state.steady.block():
        before = head(state), state.markers.read("01:test"), state.decisions.all()
        change(state)
        State(state.folder).decisions.record(Decision(0, "01", Verb.FIX, "ada", "2026-01-01", ""))
        assert (head(state), state.markers.read("01:test"), state.decisions.all()) == before
    assert (head(state), len(state.decisions.all())) == ("b" * 40, 1)


def test_a_block_reads_what_changed_before_it(state):
    assert head(state) == "a" * 40
    change(state)
    with state.steady.block(), state.steady.block():
        assert head(state) == "b" * 40


def test_what_the_program_writes_counts_in_a_block(state):
    with state.steady.block():
        assert head(state) == "a" * 40
        state.markers.write("01:push", {}, Pushed("c" * 40), 1.0)
        assert head(state) == "c" * 40
        state.decisions.record(Decision(0, "01", Verb.FIX, "ada", "2026-01-01", ""))
        assert [one.gate for one in state.decisions.at("01")] == ["01"]
        state.markers.forget("01")
        assert head(state) is None


def test_a_damaged_record_is_named_every_time(state):
    state.markers.path("01:push").write_text("{")
    with state.steady.block():
        for _ in range(2):
            with pytest.raises(DamagedStateError, match=r"push\.json"):
                head(state)
