"""What was written as JSON comes back as the same frozen value, or the wrong field is named."""

import json

import pytest

from run_milestone.core.serialize import plain, thaw
from run_milestone.model import Decision, Finding, Gate, Inspected, Kind, Limits, Marker, Milestone, Severity, Verb
from run_milestone.plan import load

FINDING = Finding(Kind.REVIEW, Severity.WARNING, "D103", "Missing docstring", "src/users/sanitize.py", 15)
GATE = Gate("03", Kind.REVIEW, 1, 2, (Verb.FIX, Verb.SKIP), (FINDING,), "d" * 64, "c" * 40, "2026-11-22T17:00:00Z")

PLAN = "id: m4.1\ntitle: T\nphases: [{title: P, issues: [{number: 1, title: One, criteria: [it answers]}]}]\n"


@pytest.mark.parametrize(
    "value",
    [
        FINDING,
        GATE,
        Decision(1, "03", Verb.FIX, "ada", "2026-11-22T17:00:00Z", "style", findings=(FINDING,)),
        Marker("03:test", {"plan": "ab"}, {"passed": 52, "nested": [1, None]}, "2026-11-22T17:00:00Z", 2),
        Inspected("a" * 40, "b" * 40, 4, 156, (FINDING,)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_printing_and_thawing_are_inverses(value):
    assert thaw(type(value), json.loads(json.dumps(plain(value)))) == value


def gate(**changed):
    return {**plain(GATE), **changed}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "value: [], expected Gate"),
        (gate(attempt="1"), "attempt: '1', expected int"),
        (gate(attempt=True), "attempt: True, expected int"),
        (gate(verbs="fix"), "verbs: 'fix', expected list"),
        (gate(verbs=["fix", "fixx"]), "verbs[1]: 'fixx', expected one of fix, approve,"),
        (gate(kind=None), "kind: None, expected one of plan-critical,"),
        (gate(findings=[{**plain(FINDING), "line": "15"}]), "findings[0].line: '15', expected int"),
        (gate(colour="red"), "colour: is not a field"),
        ({}, "attempt: is missing"),
    ],
)
def test_a_wrong_shape_names_the_field(data, message):
    with pytest.raises(ValueError, match=r", expected |is not a field|is missing") as refused:
        thaw(Gate, data)
    assert str(refused.value).startswith(message)


def test_the_whole_path_into_a_plan_is_named(tmp_path):
    folder = tmp_path / "plans" / "m4.1"
    folder.mkdir(parents=True)
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    data = plain(load(folder))
    data["phases"][0]["issues"][0]["criteria"][0]["text"] = 3
    with pytest.raises(ValueError, match=r"^phases\[0\]\.issues\[0\]\.criteria\[0\]\.text: 3, expected str$"):
        thaw(Milestone, data)


def test_absent_fields_take_their_defaults():
    assert thaw(Limits, {"files": 3}) == Limits(files=3)
