"""Renders what `land` prints, and the milestone's pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import for_markdown, for_title
from ..core.units import count
from ..model.branch_rules import MERGE
from ..store.issue_status import issue_statuses
from .phrases import next_steps, one_line, tag_step
from .pull_request import bounded, decisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Issue, Landed, Milestone, PullRequest
    from ..store import State
    from ..store.issue_status import IssueStatus


def cannot_land(milestone: Milestone, why: list[str]) -> list[str]:
    """Return why a milestone cannot land yet."""
    how = f"Fix that, run `run-milestone {milestone.id}`, then land again."
    return ["", "✗ Nothing lands yet:", *(f"  - {reason}" for reason in why), how]


def dry_run(milestone: Milestone, steps: Iterable[str]) -> list[str]:
    """Return what a landing would do."""
    last = f"→ the milestone PR {milestone.branch} → {milestone.target} is opened or brought up to date"
    return [f"Dry run of landing {milestone.id}: nothing is changed.", "", *steps, last]


def pull_status(milestone: Milestone, pull: PullRequest, tag: str, *, new: bool) -> list[str]:
    """Return the state of the milestone's pull request, and the next steps."""
    name = f"Milestone PR #{pull.number}"
    if pull.state == "closed":
        return ["", f"✗ {name} was closed without merging: open it again where it lives, then land again."]
    if pull.state == "merged":
        steps = [tag_step(tag)]
        return ["", f"✓ {name} is merged into {milestone.target}", "", *next_steps(steps)]
    how = "created" if new else "is open"
    steps = [f"Review and merge {name} → {milestone.target}", tag_step(tag)]
    return ["", f"✓ {name} {how}: {milestone.branch} → {milestone.target} ({pull.url})", "", *next_steps(steps)]


def green_together(issues: int) -> list[str]:
    """Return that the tree of all issues passed its tests."""
    return [f"✓ Tests of all {count(issues, 'issue')} together passed"]


def red_together(issues: int) -> list[str]:
    """Return that the smallest set of issues that fails together is searched."""
    return [f"✗ Tests of all {count(issues, 'issue')} together fail; looking for those that do"]


def retargeted(pull: PullRequest, branch: str) -> list[str]:
    """Return that a pull request has another base now."""
    return [f"✓ Retargeted PR #{pull.number} from {pull.base} to {branch}"]


def queued(pull: PullRequest) -> list[str]:
    """Return that a pull request waits in the merge queue of its base."""
    return [f"⏳ PR #{pull.number} is in the merge queue of {pull.base}"]


def landed(issue: Issue, pull: PullRequest, branch: str) -> list[str]:
    """Return that the pull request of an issue is merged."""
    return [f"✓ PR #{pull.number} landed on {branch} (#{issue.number} {issue.title})"]


def not_landed(issue: Issue, why: str | None) -> list[str]:
    """Return why the pull request of an issue cannot be merged."""
    return [f"✗ #{issue.number}: {why}"]


def followed(branch: str, tip: str) -> list[str]:
    """Return that the local milestone branch holds what landed."""
    return [f"✓ {branch} here is at {tip[:10]} too"]


def behind(branch: str, command: str) -> list[str]:
    """Return that the local milestone branch lacks what landed, and the command that brings it there."""
    return [f"· {branch} here does not hold what landed: `{command}`"]


def nothing_landed() -> list[str]:
    """Return that there is nothing to land."""
    return ["", "✗ Nothing landed: every issue is skipped"]


def milestone_closed(title: str) -> list[str]:
    """Return that the milestone on the forge is closed."""
    return [f"✓ The milestone “{title}” is closed on the forge"]


# ---- the milestone's pull request -----------------------------------------------------------------------------


def title(milestone: Milestone) -> str:
    """Return `Milestone m4.1: User Management`."""
    return for_title(f"Milestone {milestone.id}: {one_line(milestone.title)}")


def mark(milestone: Milestone) -> str:
    """Return the hidden mark of a milestone's pull request."""
    return f"<!-- run-milestone: {milestone.id} -->"


def body(milestone: Milestone, state: State, landed: Landed, tag: str, methods: tuple[str, ...]) -> str:
    """Return the body: landed issues, decisions, skipped issues, issues to close, next steps.

    `methods` are those by which the target takes it, the best first; none where that is unknown.
    Only this body has `Closes`, because a forge closes issues only from pull requests into its default branch.
    """
    issues = {issue.number: issue for issue in issue_statuses(milestone.issues, state)}
    merged = [issues[one.issue] for one in landed.issues if one.issue in issues]
    brings = f"Milestone {milestone.id} brings {count(len(merged), 'issue')} into `{milestone.target}`"
    parts = [
        f"{brings}, each reviewed in a pull request of its own.",
        "\n".join(_landed(merged)),
        "\n".join(decisions(state.decisions.all())),
        "\n".join(_left_out(issues.values())),
        "\n".join(f"Closes #{issue.github}" for issue in merged if issue.github),
        "\n".join(_next(milestone, tag, methods)),
    ]
    return bounded(parts, mark(milestone))


def _landed(issues: list[IssueStatus]) -> Iterator[str]:
    yield "## Landed"
    for issue in issues:
        labels = f" — {', '.join(f'`{label}`' for label in issue.labels)}" if issue.labels else ""
        reference = f" (#{issue.github})" if issue.github else ""
        yield f"- #{issue.pr} {for_markdown(one_line(issue.title))}{reference}{labels}"


def _left_out(issues: Iterable[IssueStatus]) -> Iterator[str]:
    skipped = [issue for issue in issues if issue.status == "skipped"]
    if skipped:
        yield "## Left out"
    for issue in skipped:
        yield f"- {issue.number} {for_markdown(one_line(f'{issue.title}: {issue.reason}'))}"


def _next(milestone: Milestone, tag: str, methods: tuple[str, ...]) -> Iterator[str]:
    how = ""
    if MERGE in methods:
        how = " with a merge commit, so that every commit stays"
    elif methods:
        how = f" by {methods[0]}, because `{milestone.target}` takes no merge commits"
    yield "## Next steps"
    yield f"1. Merge this{how}, and keep `{milestone.branch}` until then"
    yield f"2. Tag `{for_markdown(tag)}`" if tag else f"2. {tag_step(tag)}"
