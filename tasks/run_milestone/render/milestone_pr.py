"""What is said of a landing, and what the milestone's own pull request says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import for_markdown, for_title
from ..core.units import count
from ..store.issue_status import issue_statuses
from .phrases import next_steps, one_line, version_of
from .pull_request import bounded, decisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Landed, Milestone, PullRequest
    from ..store import State
    from ..store.issue_status import IssueStatus


def hindered(milestone: Milestone, why: list[str]) -> list[str]:
    """Return what keeps a milestone from landing."""
    how = f"Mend that, run `run-milestone {milestone.id}`, then land again."
    return ["", "✗ Nothing lands yet:", *(f"  - {reason}" for reason in why), how]


def foretold(milestone: Milestone, steps: Iterable[str]) -> list[str]:
    """Return what a landing would do."""
    last = f"→ the milestone PR {milestone.branch} → {milestone.target} is opened or brought up to date"
    return [f"Dry run of landing {milestone.id}: nothing is changed.", "", *steps, last]


def proposed(milestone: Milestone, pull: PullRequest, *, new: bool) -> list[str]:
    """Return how the milestone's own pull request stands, and what is left to people."""
    name = f"Milestone PR #{pull.number}"
    if pull.state == "closed":
        return ["", f"✗ {name} was closed without merging: open it again where it lives, then land again."]
    if pull.state == "merged":
        steps = [f"Tag: v{version_of(milestone.id)}"]
        return ["", f"✓ {name} is merged into {milestone.target}", "", *next_steps(steps)]
    how = "created" if new else "is open"
    steps = [f"Review and merge {name} → {milestone.target}", f"Tag: v{version_of(milestone.id)}"]
    return ["", f"✓ {name} {how}: {milestone.branch} → {milestone.target} ({pull.url})", "", *next_steps(steps)]


# ---- the milestone's pull request -----------------------------------------------------------------------------


def title(milestone: Milestone) -> str:
    """Return `Milestone m4.1: User Management`."""
    return for_title(f"Milestone {milestone.id}: {one_line(milestone.title)}")


def mark(milestone: Milestone) -> str:
    """Return the hidden mark of a milestone's own pull request."""
    return f"<!-- run-milestone: {milestone.id} -->"


def body(milestone: Milestone, state: State, landed: Landed) -> str:
    """Return the body: what landed, who decided what, what was left out, which issues it closes, and what comes next.

    `Closes` stands here and nowhere else: a forge closes issues from pull requests into its default branch alone.
    """
    told = {story.number: story for story in issue_statuses(milestone, state)}
    inside = [told[one.issue] for one in landed.issues if one.issue in told]
    brings = f"Milestone {milestone.id} brings {count(len(inside), 'issue')} into `{milestone.target}`"
    parts = [
        f"{brings}, each reviewed in a pull request of its own.",
        "\n".join(_landed(inside)),
        "\n".join(decisions(state.decisions.all())),
        "\n".join(_left_out(told.values())),
        "\n".join(f"Closes #{story.github}" for story in inside if story.github),
        "\n".join(_next(milestone)),
    ]
    return bounded(parts, mark(milestone))


def _landed(inside: list[IssueStatus]) -> Iterator[str]:
    yield "## Landed"
    for story in inside:
        labels = f" — {', '.join(f'`{label}`' for label in story.labels)}" if story.labels else ""
        reference = f" (#{story.github})" if story.github else ""
        yield f"- #{story.pr} {for_markdown(one_line(story.title))}{reference}{labels}"


def _left_out(told: Iterable[IssueStatus]) -> Iterator[str]:
    skipped = [story for story in told if story.status == "skipped"]
    if skipped:
        yield "## Left out"
    for story in skipped:
        said = for_markdown(one_line(f"{story.title}: {story.reason}"))
        yield f"- {story.number} {said}"


def _next(milestone: Milestone) -> Iterator[str]:
    yield "## Next steps"
    yield f"1. Merge this with a merge commit, so that every commit stays, and keep `{milestone.branch}` until then"
    yield f"2. Tag `v{version_of(milestone.id)}`"
