"""Whatever went wrong in a run, the milestone then ends as it does without that, and says the same everywhere."""

import json

from support.faulty_milestone import differences, stands, untrue

ENDS = {0: "complete", 1: "failed", 3: "waiting"}
"""What a run's exit code says of the milestone."""


def wrongly_ended(milestone, code):
    """Return what is wrong about how a run ended that something went wrong in; None where nothing is."""
    if code is None:
        return "the run hangs"
    if "Traceback" in milestone.outputs[-1]:
        return milestone.outputs[-1]
    if code not in ENDS and code not in {2, -9}:
        return f"exit code {code}: {milestone.outputs[-1]}"
    return "; ".join(untrue(milestone)) or None


def wrongly_went_on(milestone, undisturbed, *, exactly):
    """Return what is wrong about how the milestone ended after that."""
    if milestone.goes_on() is None:
        return f"never complete: {milestone.outputs[-1]}"
    apart = differences(stands(milestone, exactly=exactly), stands(undisturbed, exactly=exactly))
    return "\n".join(apart) or disagreement(milestone)


def disagreement(milestone):
    """Return what the summary and `status` say otherwise of a complete milestone; None where they agree."""
    summary = json.loads((milestone.state / "summary.json").read_text())
    milestone.runs("status", "m1", "--json")
    status = json.loads(milestone.outputs[-1])
    if summary["status"] != "complete" or {one["status"] for one in summary["per_issue"]} != {"done"}:
        return f"exit code 0, and the summary says {summary['status']}"
    differ = [name for name in ("status", "issues", "prs", "waiting") if status[name] != summary[name]]
    return f"status and summary differ in {', '.join(differ)}" if differ else None
