"""Whatever stands in a plan is data: no shell starts, nothing of it runs, and no path leaves the project."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.faulty_milestone import FaultyMilestone

HOSTILE = (
    "$(touch {mark})",
    "`touch {mark}`",
    "; touch {mark}",
    "| touch {mark}",
    "&& touch {mark}",
    "\n touch {mark}",
    "--upload-pack=touch {mark}",
    "-oProxyCommand=touch {mark}",
    "{{{{ cycler.__init__.__globals__.os.popen('touch {mark}').read() }}}}",
    "${{{{ github.token }}}}",
    "%(touch {mark})s",
    "{0.__class__}",
    "<script>fetch('{mark}')</script>",
    "::add-mask::{mark}",
    "\x1b]0;{mark}\x07",
    "../../../{mark}",
    "!!python/object/apply:os.system ['touch {mark}']",
)
FIELDS = ("title", "criteria", "labels", "slug")


def plan_with(milestone, field, text):
    """Write the plan with hostile text in one field of its first issue."""
    issue = {"number": 1, "title": "Make part 1", "criteria": ["It is there"]}
    issue[field] = [text] if isinstance(issue.get(field), list) or field == "labels" else text
    agent = {"kind": "command", "command": ["agent"], "timeout": 3}
    commands = {"lint": ["true"], "test": ["true"], "review": ["printf", "[]"]}
    plan = {"id": "m1", "title": text, "agent": agent, "sandbox": {"kind": "none"}, "commands": commands}
    (milestone.project / "plans/m1/plan.yaml").write_text(json.dumps({**plan, "phases": [{"issues": [issue]}]}))


@pytest.mark.torture
def test_hostile_words_in_a_plan_run_nothing(tmp_path):
    milestone, mark = FaultyMilestone(tmp_path / "home").make(), tmp_path / "executed"
    wrong = tried = 0
    for field in FIELDS:
        for text in HOSTILE if field == "title" else HOSTILE[::4]:
            plan_with(milestone, field, text.replace("{mark}", str(mark)).replace("{{", "{").replace("}}", "}"))
            code = milestone.runs("plan", "check", "m1")
            tried += 1
            wrong += mark.exists() or code not in {0, 1, 2, 3} or "Traceback" in milestone.outputs[-1]
    for text in HOSTILE[:9:4]:
        plan_with(milestone, "title", text.replace("{mark}", str(mark)))
        milestone.runs()
        tried += 1
        wrong += mark.exists() or "Traceback" in milestone.outputs[-1]
    assert "\x1b]0;" not in "".join(milestone.outputs)
    print(f"figure: row 13: hostile words in a plan: {tried - wrong} / {tried}")
    assert not wrong


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(min_size=1, max_size=60), field=st.sampled_from(FIELDS))
def test_any_text_in_a_plan_is_data(tmp_path_factory, text, field):
    from run_milestone.commands import main

    milestone = FaultyMilestone(tmp_path_factory.mktemp("any") / "home")
    (milestone.project / "plans/m1").mkdir(parents=True)
    plan_with(milestone, field, text)
    before, here = sorted(os.listdir(milestone.project)), os.getcwd()
    os.chdir(milestone.project)
    try:
        assert main(["plan", "check", "m1"]) in {0, 1, 2}
    finally:
        os.chdir(here)
    assert sorted(os.listdir(milestone.project)) == before or sorted(os.listdir(milestone.project)) == [
        *before,
        "state",
    ]
