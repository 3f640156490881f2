"""Every record that a real milestone leaves fits its schema, and each schema names exactly its record's fields."""

import json
from dataclasses import MISSING, fields
from datetime import datetime

import pytest
from jsonschema import Draft202012Validator
from support.plans import COLOUR_AND_WEIGHT

from run_milestone.core.schemas import read_schema
from run_milestone.model import Decision, Finding, Gate, Kind, Marker, Severity, Step, Tier, Verb
from run_milestone.policy.stops import STOPS
from run_milestone.store.issue_status import IssueStatus

NAMES = ("approval", "decision", "findings", "gate", "landing", "marker", "metrics", "plan", "summary")
CHANGE = """\
diff --git a/tests/test_colour.py b/tests/test_colour.py
new file mode 100644
--- /dev/null
+++ b/tests/test_colour.py
@@ -0,0 +1,7 @@
+\"\"\"The colour.\"\"\"
+
+from widgets import COLOUR
+
+
+def test_colour():
+    assert COLOUR == "red"
diff --git a/widgets.py b/widgets.py
--- a/widgets.py
+++ b/widgets.py
@@ -1,3 +1,4 @@
 \"\"\"Widgets.\"\"\"
{blank}
 SIZE = 3
+COLOUR = "red"
""".replace("{blank}", " ")  # git's patches have lines that hold one space


def schema(name):
    return json.loads(read_schema(name))


def fits(name, record):
    """Assert that a record fits, and that its times are times with a zone."""
    problems = Draft202012Validator(schema(name)).iter_errors(record)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in problems]
    assert not errors, errors
    times = {key for key, rule in schema(name)["properties"].items() if rule.get("format") == "date-time"}
    assert all(datetime.fromisoformat(record[key]).tzinfo for key in times)


@pytest.fixture
def state(ada):
    """Play a small milestone to its end; every kind of record is checked while it lies there."""
    ada.plans(COLOUR_AND_WEIGHT + "agent: {kind: replay, changes: changes}\n")
    changes = ada.folder / "plans/m1/changes"
    changes.mkdir()
    (changes / "01-1.patch").write_text(CHANGE)
    assert ada.types("m1").code == 3
    state = ada.folder / "state" / "m1"
    check(state, "gates", "gate", {"02.json"})
    fits("summary", json.loads((state / "summary.json").read_text()))
    assert ada.types("decide", "m1", "02", "skip", "--reason", "no scales yet").code == 0
    fits("approval", json.loads((state / "approvals" / "02.skip").read_text()))
    assert ada.types("m1").code == 3
    check(state, "gates", "gate", {"phase-1.json"})
    ada.touches("phase-1.continue", milestone="m1")
    assert ada.types("m1").code == 0
    return state


def check(state, folder, name, expected):
    """Every record of a folder fits its schema; returns them."""
    paths = sorted((state / folder).glob("*.json"))
    assert {path.name for path in paths} == expected
    records = [json.loads(path.read_text()) for path in paths]
    for record in records:
        fits(name, record)
    return records


def test_every_record_fits_its_schema(state):
    markers = [
        *(state / f"{name}.json" for name in ("bootstrap", "plan-review", "complete")),
        *state.glob("phases/*.json"),
        *state.glob("issues/01/*.json"),
    ]
    unneeded = {Step.SETUP, Step.PEOPLE, Step.PEOPLE_GATE}  # the plan has no set-up, and nobody reviewed
    assert len(markers) == 3 + 1 + len(set(Step) - unneeded)
    for path in markers:
        fits("marker", json.loads(path.read_text()))
    decided = check(state, "decisions", "decision", {"0001-02-skip.json", "0002-phase-1-continue.json"})
    summary = json.loads((state / "summary.json").read_text())
    fits("summary", summary)
    assert summary["decisions"] == decided
    assert (summary["status"], summary["issues"]) == ("complete", {"total": 2, "completed": 1, "skipped": 1})


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_refuses_unknown_fields(name):
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["additionalProperties"] is False
    with pytest.raises(AssertionError):
        fits(name, {"surprise": 1})


def finding_of(name):
    return schema(name)["$defs"]["finding"]


@pytest.mark.parametrize(
    ("described", "shape"),
    [
        (schema("gate"), Gate),
        (schema("decision"), Decision),
        (schema("marker"), Marker),
        (finding_of("gate"), Finding),
        (finding_of("decision"), Finding),
        (finding_of("findings"), Finding),
        (schema("summary")["$defs"]["issue"], IssueStatus),
    ],
    ids=[
        "gate",
        "decision",
        "marker",
        "finding of a gate",
        "finding of a decision",
        "findings",
        "issue of the summary",
    ],
)
def test_a_schema_names_exactly_the_records_fields(described, shape):
    names = [field.name for field in fields(shape)]
    assert sorted(described["properties"]) == sorted(names)
    needed = {field.name for field in fields(shape) if field.default is MISSING and field.default_factory is MISSING}
    if shape is Finding and "kind" not in described["required"]:
        needed -= {"kind"}  # what others print may leave it out
    assert needed <= set(described["required"]) <= set(names)


def enums(described):
    """Every closed set in a schema, by the name of its property."""
    problems = {}
    for name, rule in described.get("properties", {}).items():
        for part in (rule, rule.get("items", {}), *rule.get("anyOf", ())):
            if "enum" in part:
                problems[name] = set(part["enum"]) - {None}
    return problems


@pytest.mark.parametrize("name", ["gate", "decision", "approval"])
def test_closed_sets_are_the_models(name):
    closed = {**enums(schema(name)), **enums(schema(name).get("$defs", {}).get("finding", {}))}
    models = {"verb": Verb, "verbs": Verb, "kind": Kind, "severity": Severity}
    assert closed.keys() & models.keys()
    for key in closed.keys() & models.keys():
        assert closed[key] == {str(member) for member in models[key]}, key


def test_findings_of_others_have_known_kinds():
    kinds = enums(finding_of("findings"))["kind"]
    assert kinds <= {str(kind) for kind in Kind}
    found_in_changes = {str(kind) for kind, stop in STOPS.items() if stop.found_by == "inspect"}
    assert found_in_changes - kinds <= {"not-red"}


def test_a_plan_can_narrow_every_hard_stop():
    hard = {str(kind) for kind, stop in STOPS.items() if stop.tier is Tier.HARD}
    assert set(schema("plan")["$defs"]["decisions"]["properties"]) == hard
