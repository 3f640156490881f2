"""A milestone on GitHub Actions, really run: jobs with rights and jobs without, in one or in many, to the same end."""

import json
import time

import pytest
from support.actions import MEMBER, decides


def summary(forge):
    """What everybody can read of a milestone's end, without what differs from run to run."""
    assert forge.ada.types("state", "pull", "m1").code == 0
    facts = json.loads((forge.ada.folder / "state/m1/summary.json").read_text())
    totals = {name: facts[name] for name in ("status", "issues", "prs", "labels", "commands")}
    return {**totals, "per_issue": [(story["number"], story["status"]) for story in facts["per_issue"]]}


END = {
    "status": "complete",
    "issues": {"total": 4, "completed": 4, "skipped": 0},
    "prs": {"created": 4, "clean": 3, "fixed": 0, "approved": 1},
    "labels": {},
    "commands": {"continue": 2, "approve": 1},
    "per_issue": [("01", "done"), ("02", "done"), ("03", "done"), ("04", "done")],
}


def comment(forge, body, **how):
    """The event of a comment on the milestone's first pull request."""
    return {
        "action": "created",
        "comment": {"body": body, **MEMBER, **how},
        "issue": {"body": forge.pulls()[0]["body"]},
    }


def plays_waves(forge, gh, *, payload=None):
    """Start the workflow, and again as long as its last job asks GitHub to."""
    folder, started = gh
    ran = [forge.runs_it(payload=payload, GH_CONFIG_DIR=folder)]
    while started:
        assert started == [{"inputs": {"milestone": "m1"}, "ref": "main", "return_run_details": True}]
        started.clear()
        ran.append(forge.runs_it(GH_CONFIG_DIR=folder))
    return ran


def test_one_job_works_until_a_question(shop, gh):
    forge, began = shop("one"), time.monotonic()
    (ran,) = plays_waves(forge, gh)
    assert not ran.red, ran.out
    assert ran.notices == ["m1 waits for decisions: 03 (approve | skip | abort)"]
    assert ran.done == ["What is to be run", "Look what is ready", "Work on all that is ready", "Close the wave"]
    assert len(forge.pulls()) == 2

    ran = forge.runs_it("issue_comment", comment(forge, "/approve"))
    assert ran.done == ["What is to be run", "Look what is ready"], "it only looks where nobody answered"
    print(f"figure: one job: {forge.runs} runs, {time.monotonic() - began:.1f} s")


@pytest.mark.torture
@pytest.mark.parametrize("form", [(), ("--matrix",)], ids=["one", "matrix"])
def test_a_milestone_comes_to_its_end(shop, gh, form):
    forge, began = shop("whole", *form), time.monotonic()
    waves = plays_waves(forge, gh)
    assert len(forge.pulls()) == 2
    decides(forge, "03", "approve", "The page lies where pages lie")
    waves += plays_waves(forge, gh)
    decides(forge, "phase-1", "continue")
    waves += plays_waves(forge, gh)
    decides(forge, "phase-2", "continue")
    waves += plays_waves(forge, gh)
    assert not any(ran.red for ran in waves)
    if form:
        assert [ran.issues for ran in waves] == [["01", "02", "03"], [], ["04"], []]
    assert "✓ Milestone M1 Complete" in waves[-1].out
    assert summary(forge) == END
    jobs = sum(len(ran.done) for ran in waves)
    print(f"figure: {form or 'one job'}: {forge.runs} runs, {jobs} jobs, {time.monotonic() - began:.1f} s")
