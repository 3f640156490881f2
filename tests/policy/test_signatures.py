"""A signed answer is for one question of one milestone, and for the time in which that was open."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from run_milestone.model import Approval, Decision, Gate, Kind, Signed, Verb
from run_milestone.policy.signatures import differs, differs_from_record, statement, untimely

GATE = Gate("03", Kind.SIZE, 1, 2, (Verb.APPROVE,), (), "a" * 64, "c" * 64, "2026-11-27T20:00:00.000+00:00")
ANSWER = Approval("03.approve", "03", "approve", 1, "s", "It is generated", digest="a" * 64)
NOON = datetime(2026, 11, 27, 21, tzinfo=UTC)


def signed(answer=ANSWER, when="2026-11-27T20:30:00.000+00:00", milestone="m1"):
    answer = replace(answer, when=when)
    return replace(answer, signed=Signed(statement(milestone, answer), ""))


def test_what_was_signed_is_what_counts():
    assert differs(signed(), "m1") is None
    assert untimely(signed(), GATE, NOON) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"gate": "04"}, "for gate 03, not for 04"),
        ({"verb": "skip"}, "for verb approve, not for skip"),
        ({"digest": "b" * 64}, f"for digest {'a' * 64}, not for {'b' * 64}"),
        ({"why": ""}, "for why It is generated, not for none"),
        ({"when": "2026-11-27T20:31:00.000+00:00"}, "for when 2026-11-27T20:30:00.000+00:00, not for"),
        ({"signed": Signed("[" * 9000, "")}, "for milestone nothing, not for m1"),
        ({"signed": Signed("[]", "")}, "for milestone nothing, not for m1"),
    ],
)
def test_another_answer_was_signed(change, why):
    assert why in differs(replace(signed(), **change), "m1")


def test_another_milestone_was_signed():
    assert differs(signed(milestone="m2"), "m1") == "it was signed for milestone m2, not for m1"


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-11-27T19:58:00.000+00:00", "before the question opened"),
        ("2026-11-27T21:02:00.000+00:00", "a time to come"),
        ("", "a time to come"),
        ("2026-11-27T19:59:30.000+00:00", None),
        ("2026-11-27T22:00:30.000+01:00", None),
    ],
)
def test_an_answer_of_another_time_is_none(when, why):
    refused = untimely(signed(when=when), GATE, NOON)
    assert refused is None if why is None else why in refused


DECISION = Decision(1, "03", Verb.APPROVE, "grace", signed().when, ANSWER.why, Kind.SIZE, "a" * 64)


@pytest.mark.parametrize(
    ("change", "asked", "why"),
    [
        ({}, {"a" * 64}, None),
        ({"signed": None, "verb": Verb.SKIP}, (), None),
        ({"verb": Verb.SKIP}, {"a" * 64}, "for verb approve, not for skip"),
        ({"gate": "04"}, {"a" * 64}, "for gate 03, not for 04"),
        ({"why": "Other words"}, {"a" * 64}, "for why It is generated, not for Other words"),
        ({}, {"b" * 64}, "for a question that its gate never asked"),
    ],
)
def test_a_record_says_what_was_signed(change, asked, why):
    differing = differs_from_record(replace(DECISION, **{"signed": signed().signed, **change}), "m1", asked)
    assert differing is None if why is None else why in differing


def test_nothing_open_is_nothing_signed():
    assert "none is open" in untimely(signed(), None, NOON)
