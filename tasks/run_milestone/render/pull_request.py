"""Renders the title and body of an issue's pull request, from the plan and from evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.text import for_markdown, for_record, for_terminal, for_title
from ..core.units import count
from ..policy.criteria import named
from ..policy.stops import STOPS
from ..policy.topics import kinds
from .phrases import first_few, headline, migrated, one_line, place, reference
from .sandbox import ran_in
from .transcript import unsteady

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
    """What the body shows of an issue's change. `base` is the branch it goes to, `stacked_on` the open PRs below it."""

    milestone: Milestone
    issue: Issue
    implemented: Implemented
    tested: Tested
    inspected: Inspected
    decisions: tuple[Decision, ...]
    files: tuple[ChangedFile, ...] = ()
    base: str = ""
    stacked_on: tuple[int, ...] = ()


def title(milestone: Milestone, issue: Issue) -> str:
    """Return `feat(m4.1): Add input sanitization (#297)`."""
    kind, last = f"{issue.type}({milestone.id}): ", reference(issue)
    text = for_title(one_line(issue.title))
    room = LONGEST_TITLE - len(kind) - len(last)
    return f"{kind}{text if len(text) <= room else f'{text[: room - 1]}…'}{last}"


def mark(milestone: Milestone, issue: Issue) -> str:
    """Return the hidden mark that identifies a pull request."""
    return f"<!-- run-milestone: {milestone.id}/{issue.number} -->"


def body(facts: Facts) -> str:
    """Return the body: changes, criteria and the tests that prove them, findings, decisions."""
    parts = [
        "\n".join(_summary(facts)),
        "\n".join(_changes(facts)),
        "\n".join(_criteria(facts)),
        "\n".join(_tests(facts.tested, facts.implemented, facts.inspected)),
        "\n".join(_findings(facts.inspected)),
        "\n".join(decisions(facts.decisions)),
        "\n".join(_links(facts)),
    ]
    return bounded(parts, mark(facts.milestone, facts.issue))


def bounded(parts: Iterable[str], hidden: str) -> str:
    """Return a body of at most LONGEST characters: cut at the end of a line, with the hidden mark kept."""
    text = for_record("\n\n".join(part for part in parts if part))
    room = LONGEST - len(hidden) - len(CUT) - 8
    if len(text) > room:
        text = f"{text[:room].rpartition(chr(10))[0]}\n\n{CUT}"
    return f"{text}\n\n{hidden}\n"


def _summary(facts: Facts) -> Iterator[str]:
    issue, milestone = facts.issue, facts.milestone
    yield f"Issue {issue.number} of milestone {milestone.id} ({_text(milestone.title)}): {_text(issue.title)}"
    if issue.github:
        yield f"\nPart of #{issue.github}."  # only the milestone's pull request has `Closes` (see milestone_pr)
    if facts.stacked_on:
        below = " and ".join(f"#{number}" for number in facts.stacked_on)
        yield f"\nStacked on {below}: this goes against `{facts.base}` and shows this issue's change alone."


def _text(text: str) -> str:
    return for_markdown(one_line(text))


def _changes(facts: Facts) -> Iterator[str]:
    yield "## Changes"
    yield f"{count(facts.inspected.files, 'file')}, {count(facts.inspected.lines, 'line')}."
    yield from ("", *(f"- {_text(line)}" for line in facts.implemented.report)) if facts.implemented.report else ()
    yield from ("", *(_file(file) for file in facts.files[:MOST_FILES])) if facts.files else ()
    if len(facts.files) > MOST_FILES:
        yield f"- and {count(len(facts.files) - MOST_FILES, 'file')} more"


_DID = {"A": "new", "D": "deleted", "R": "renamed", "T": "another type"}


def _file(file: ChangedFile) -> str:
    did = f"{_DID[file.status]}, " if file.status in _DID else ""
    size = "binary" if file.binary else f"+{len(file.added)} -{len(file.removed)}"
    name = one_line(file.path).replace("`", "'")
    return f"- `{for_terminal(name)}` ({did}{size})"


def _criteria(facts: Facts) -> Iterator[str]:
    if facts.issue.criteria:
        yield "## Acceptance criteria"
    for criterion in facts.issue.criteria:
        proven = criterion.test in facts.tested.proven
        proof = f"proven by `{criterion.test}`" if proven else _unproven(criterion, facts.inspected)
        yield f"- [{'x' if proven else ' '}] {_text(criterion.text)} — {proof}"


def _unproven(criterion: Criterion, inspected: Inspected) -> str:
    """Return that no test proves a criterion, and which changed paths it names."""
    changed = ", ".join(_text(path) for path in named(criterion.text, inspected.paths))
    return f"not proven by a test; it names {changed}, which changed" if changed else "not proven by a test"


def _tests(tested: Tested, implemented: Implemented, inspected: Inspected) -> Iterator[str]:
    yield "## Tests"
    skipped = f", {tested.skipped} skipped" if tested.skipped else ""
    yield (
        f"{tested.passed} passed, {len(tested.failed)} failed{skipped}." if tested.counted else "Passed, none counted."
    )
    for note in (*unsteady(tested), *(f"⚠️ {note}" for note in inspected.notes)):
        yield f"- {for_markdown(note)}"
    yield from (f"- {for_markdown(line)}" for line in migrated(inspected))
    if tested.parts:
        yield f"Tested: {for_markdown(', '.join(tested.parts))}."
    if tested.outside:
        yield f"Outside of every part of `commands`: {for_markdown(first_few(tested.outside))}."
    if tested.unmeasured:
        yield f"Coverage of changed lines: not measured: {for_markdown(tested.unmeasured)}."
    if tested.coverage and tested.coverage.lines:
        yield f"They run {tested.coverage.covered:,} of {tested.coverage.lines:,} changed lines."
    if box := ran_in(tested.sandbox, implemented.sandbox):
        yield f"\n{box}"


def _findings(inspected: Inspected) -> Iterator[str]:
    if inspected.findings:
        yield "## Worth a look"
    for kind in dict.fromkeys(finding.kind for finding in inspected.findings):
        shown = tuple(finding for finding in inspected.findings if finding.kind is kind)
        label = f" (label `{STOPS[kind].label}`)" if STOPS[kind].label else ""
        yield f"- {headline(kind, shown)}{label}"
        for finding in shown:
            detail = f" ({_text(finding.detail)})" if finding.detail else ""
            yield f"  - {_text(f'{finding.message}{place(finding)}')}{detail}"


def decisions(made: tuple[Decision, ...]) -> Iterator[str]:
    """Yield each decision with its gate, kind, author, time and reason."""
    if made:
        yield "## Decisions"
    for decision in made:
        why = f": {_text(decision.why)}" if decision.why else ""
        titles = ", ".join(STOPS[kind].title.lower() for kind in kinds(decision))
        about = f" ({titles})" if titles else ""
        yield f"- **{decision.verb}** at gate {decision.gate}{about} by {_text(decision.who)}, {decision.when}{why}"


def _links(facts: Facts) -> Iterator[str]:
    issue = facts.issue
    links = [
        *([f"- Issue: #{issue.github}"] if issue.github else []),
        *([f"- Specification: {_text(issue.spec.path)} in the plan of {facts.milestone.id}"] if issue.spec else []),
        *(f"- Stands on: #{number}" for number in facts.stacked_on),
    ]
    yield from ("## Links", *links) if links else ()
