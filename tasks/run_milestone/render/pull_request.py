"""What a pull request says: title and body, made from the plan and from evidence; texts of others cannot act in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.text import for_markdown, for_record, for_terminal, for_title
from ..core.units import count
from ..policy.criteria import named
from ..policy.stops import STOPS
from .phrases import headline, one_line, place, reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Criterion, Decision, Implemented, Inspected, Issue, Milestone, Tested
    from ..model.change import ChangedFile

LONGEST = 60_000
"""Characters of a body; GitHub refuses more than 65,536."""

LONGEST_TITLE = 250
"""Characters; GitHub refuses more than 256."""

MOST_FILES = 50
"""Files that are listed by name."""

CUT = "*Shortened: the rest is in the milestone's state.*"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of one issue's change. `upon` are the pull requests it stands on, `base` the branch it goes to."""

    milestone: Milestone
    issue: Issue
    implemented: Implemented
    tested: Tested
    inspected: Inspected
    decisions: tuple[Decision, ...]
    files: tuple[ChangedFile, ...] = ()
    base: str = ""
    upon: tuple[int, ...] = ()


def title(milestone: Milestone, issue: Issue) -> str:
    """Return `feat(m4.1): Add input sanitization (#297)`."""
    kind, last = f"{issue.type}({milestone.id}): ", reference(issue)
    said = for_title(one_line(issue.title))
    room = LONGEST_TITLE - len(kind) - len(last)
    return f"{kind}{said if len(said) <= room else f'{said[: room - 1]}…'}{last}"


def mark(milestone: Milestone, issue: Issue) -> str:
    """Return the hidden mark by which a pull request is found again."""
    return f"<!-- run-milestone: {milestone.id}/{issue.number} -->"


def body(told: Facts) -> str:
    """Return the body: what changed, which criteria are proven by which test, what was found, who decided what."""
    parts = [
        "\n".join(_summary(told)),
        "\n".join(_changes(told)),
        "\n".join(_criteria(told)),
        "\n".join(_tests(told.tested)),
        "\n".join(_findings(told.inspected)),
        "\n".join(decisions(told.decisions)),
        "\n".join(_links(told)),
    ]
    return bounded(parts, mark(told.milestone, told.issue))


def bounded(parts: Iterable[str], hidden: str) -> str:
    """Return a body that a forge takes: what is too long is cut at a line's end, and the hidden mark stays."""
    text = for_record("\n\n".join(part for part in parts if part))
    room = LONGEST - len(hidden) - len(CUT) - 8
    if len(text) > room:
        text = f"{text[:room].rpartition(chr(10))[0]}\n\n{CUT}"
    return f"{text}\n\n{hidden}\n"


def _summary(told: Facts) -> Iterator[str]:
    issue, milestone = told.issue, told.milestone
    yield f"Issue {issue.number} of milestone {milestone.id} ({_inert(milestone.title)}): {_inert(issue.title)}"
    if issue.github:
        yield f"\nPart of #{issue.github}."  # `Closes` stands in the milestone's own pull request: only there it acts
    if told.upon:
        below = " and ".join(f"#{number}" for number in told.upon)
        yield f"\nStacked on {below}: this goes against `{told.base}` and shows this issue's change alone."


def _inert(text: str) -> str:
    return for_markdown(one_line(text))


def _changes(told: Facts) -> Iterator[str]:
    yield "## Changes"
    yield f"{count(told.inspected.files, 'file')}, {count(told.inspected.lines, 'line')}."
    yield from ("", *(f"- {_inert(line)}" for line in told.implemented.report)) if told.implemented.report else ()
    yield from ("", *(_file(file) for file in told.files[:MOST_FILES])) if told.files else ()
    if len(told.files) > MOST_FILES:
        yield f"- and {count(len(told.files) - MOST_FILES, 'file')} more"


_DID = {"A": "new", "D": "deleted", "R": "renamed", "T": "another type"}


def _file(file: ChangedFile) -> str:
    did = f"{_DID[file.status]}, " if file.status in _DID else ""
    size = "binary" if file.binary else f"+{len(file.added)} -{len(file.removed)}"
    name = one_line(file.path).replace("`", "'")
    return f"- `{for_terminal(name)}` ({did}{size})"


def _criteria(told: Facts) -> Iterator[str]:
    if told.issue.criteria:
        yield "## Acceptance criteria"
    for criterion in told.issue.criteria:
        proven = criterion.test in told.tested.proven
        proof = f"proven by `{criterion.test}`" if proven else _unproven(criterion, told.inspected)
        yield f"- [{'x' if proven else ' '}] {_inert(criterion.text)} — {proof}"


def _unproven(criterion: Criterion, inspected: Inspected) -> str:
    """Return what else speaks for a criterion: a path that it names was changed."""
    changed = ", ".join(_inert(path) for path in named(criterion.text, inspected.paths))
    return f"not proven by a test; it names {changed}, which changed" if changed else "not proven by a test"


def _tests(tested: Tested) -> Iterator[str]:
    yield "## Tests"
    skipped = f", {tested.skipped} skipped" if tested.skipped else ""
    yield (
        f"{tested.passed} passed, {len(tested.failed)} failed{skipped}." if tested.counted else "Passed, none counted."
    )
    if tested.unmeasured:
        yield f"Coverage of changed lines: not measured: {for_markdown(tested.unmeasured)}."
    elif tested.coverage and tested.coverage.lines:
        yield f"They run {tested.coverage.covered:,} of {tested.coverage.lines:,} changed lines."


def _findings(inspected: Inspected) -> Iterator[str]:
    if inspected.findings:
        yield "## Worth a look"
    for kind in dict.fromkeys(finding.kind for finding in inspected.findings):
        shown = tuple(finding for finding in inspected.findings if finding.kind is kind)
        label = f" (label `{STOPS[kind].label}`)" if STOPS[kind].label else ""
        yield f"- {headline(kind, shown)}{label}"
        for finding in shown:
            detail = f" ({_inert(finding.detail)})" if finding.detail else ""
            yield f"  - {_inert(f'{finding.message}{place(finding)}')}{detail}"


def decisions(made: tuple[Decision, ...]) -> Iterator[str]:
    """Yield who decided what, when, about what, and why."""
    if made:
        yield "## Decisions"
    for decision in made:
        why = f": {_inert(decision.why)}" if decision.why else ""
        about = f" ({STOPS[decision.kind].title.lower()})" if decision.kind else ""
        yield f"- **{decision.verb}** at gate {decision.gate}{about} by {_inert(decision.who)}, {decision.when}{why}"


def _links(told: Facts) -> Iterator[str]:
    issue = told.issue
    found = [
        *([f"- Issue: #{issue.github}"] if issue.github else []),
        *([f"- Specification: {_inert(issue.spec.path)} in the plan of {told.milestone.id}"] if issue.spec else []),
        *(f"- Stands on: #{number}" for number in told.upon),
    ]
    yield from ("## Links", *found) if found else ()
