"""The pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Proposed, Step
from ..phrases import reference
from .data import STANDING
from .elements import code, labels, link, pill, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue
    from .data import Records


def pulls(records: Records) -> Iterator[str]:
    """Yield every pull request with how it came through."""
    yield '<h2 id="pulls">Pull requests</h2>'
    rows = [_pull(records, issue) for issue in records.milestone.issues if records.told[issue.number].pr]
    if not rows:
        yield '<p class="soft">None yet.</p>'
        return
    yield "<table><thead><tr><th>PR</th><th>Issue</th><th>How it came through</th><th>Labels</th><th>Tests</th></tr>"
    yield "</thead><tbody>"
    yield from rows
    yield "</tbody></table>"


def _pull(records: Records, issue: Issue) -> str:
    story = records.told[issue.number]
    proposed = records.state.markers.evidence(f"{issue.number}:{Step.PR}", Proposed)
    state = proposed.state if proposed else "open"
    came = story.verdict or STANDING[story.status]
    tests = f"{story.tests:,} passed" if story.tests is not None else "not run"
    return (
        f'<tr><td class="number">{link(story.url or "", f"#{story.pr}")} '
        f"{pill(state, state) if state != 'open' else ''}</td>"
        f'<td><a href="#issue-{issue.number}">{text(issue.title)}</a> {text(reference(issue))}<br>'
        f'<span class="soft">{code(records.state.registry.branch(records.milestone, issue))}</span></td>'
        f'<td data-is="Came through">{pill(came, _CAME.get(came, came))}</td>'
        f"<td>{labels(story.labels)}</td>"
        f'<td class="number" data-is="Tests">{tests}</td></tr>'
    )


_CAME = {
    "clean": "clean",
    "fixed": "fixed after findings",
    "approved": "approved by a person",
    "unreviewed": "not reviewed",
}
