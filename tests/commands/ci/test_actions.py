"""A milestone on GitHub Actions, really run in one job or in many, with decisions in between, to the same end."""

import json
import time

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


def test_one_job_runs_until_a_question(shop):
    forge, began = shop("one"), time.monotonic()
    ran = forge.runs_it()
    assert not ran.red, ran.out
    assert ran.notices == ["m1 waits for decisions: 03 (approve | skip | abort)"]
    assert len(forge.pulls()) == 2

    decides(forge, "03", "approve", "The page lies where pages lie")
    ran = forge.runs_it("issue_comment", comment(forge, "/approve"))
    assert ran.notices == ["m1 waits for decisions: phase-1 (continue | skip-phase | abort)"], ran.out
    decides(forge, "phase-1", "continue")
    ran = forge.runs_it("schedule", {"schedule": "17 5 * * *"})
    assert ran.notices == ["m1 waits for decisions: phase-2 (continue | skip-phase | abort)"], ran.out
    decides(forge, "phase-2", "continue")
    ran = forge.runs_it()
    assert (ran.red, ran.notices) == (False, []), ran.out
    assert "✓ Milestone M1 Complete" in ran.out
    assert summary(forge) == END
    print(f"figure: one job: {forge.runs} runs, {forge.runs} jobs beside the event's, {time.monotonic() - began:.1f} s")


def plays_waves(forge, gh, *, payload=None):
    """Start the workflow, and again as long as its last job asks GitHub to."""
    folder, started = gh
    ran = [forge.runs_it(payload=payload, GH_CONFIG_DIR=folder)]
    while started:
        assert started == [{"inputs": {"milestone": "m1"}, "ref": "main", "return_run_details": True}]
        started.clear()
        ran.append(forge.runs_it(GH_CONFIG_DIR=folder))
    return ran


def test_a_matrix_ends_as_one_job_does(shop, gh):
    forge, began = shop("matrix", "--matrix"), time.monotonic()
    (first,) = plays_waves(forge, gh)
    assert not first.red, first.out
    assert first.issues == ["01", "02", "03"], first.out
    assert len(forge.pulls()) == 2
    assert "m1 waits for decisions: 03 (approve | skip | abort)" in first.notices
    decides(forge, "03", "approve", "The page lies where pages lie")
    (second,) = plays_waves(forge, gh)
    assert second.issues == ["03"], second.out
    decides(forge, "phase-1", "continue")
    (third,) = plays_waves(forge, gh)
    assert third.issues == ["04"], third.out
    decides(forge, "phase-2", "continue")
    (last,) = plays_waves(forge, gh)
    assert last.issues == []
    assert "✓ Milestone M1 Complete" in last.out
    assert summary(forge) == END
    waves = [first, second, third, last]
    assert not any(ran.red for ran in waves)
    jobs = sum(len(ran.done) for ran in waves)
    print(f"figure: a matrix: {forge.runs} runs, {jobs} jobs, {time.monotonic() - began:.1f} s")
