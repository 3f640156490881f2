"""Match the issues of a plan with those of the records, whatever their numbers are now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.serialize import digest
from ..model import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Decision, Finding, Issue


@dataclass(frozen=True, slots=True)
class Span:
    """The number of an issue from decision `since` on; empty while it was not in the plan."""

    number: str
    since: int


@dataclass(frozen=True, slots=True)
class Known:
    """An issue as the records know it. `phase` is the last one it was in.

    `branch` holds its work. `place` is its folder of records while it is not in the plan.
    `content` is a digest of its criteria and specification; empty where it has neither.
    """

    title: str
    slug: str
    github: int | None
    content: str
    phase: int
    spans: tuple[Span, ...]
    branch: str | None = None
    place: str | None = None

    @property
    def number(self) -> str:
        """Its number in the plan, empty where it is no longer there."""
        return self.spans[-1].number


@dataclass(frozen=True, slots=True)
class Move:
    """A folder of records that moves, relative to the state; its markers become those of `number`."""

    source: str
    target: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Roll:
    """Every issue that a milestone ever had, and the moves of a revision that is not complete.

    `changed` are the numbers that mean another issue than before. `staged` says that all folders left their place.
    """

    issues: tuple[Known, ...] = ()
    moves: tuple[Move, ...] = ()
    changed: tuple[str, ...] = ()
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """One issue before (None where it is new) and after a change of the plan."""

    before: Known | None
    now: Known


def match(issues: Sequence[Issue], known: Sequence[Known]) -> dict[str, Known]:
    """Return the known issue for each issue of the plan, by its number; a new issue has none.

    The number on the forge decides first, then the slug, then the same number with the same criteria.
    Of several, one of the same number is taken first, then one that is in the plan.
    """
    current = {entry.number: entry for entry in known if entry.number}
    if len(current) == len(issues) and all(_unchanged(issue, current.get(issue.number)) for issue in issues):
        return current
    matched, left = dict[str, Known](), list(known)
    for same in (_same_on_forge, _same_slug, _same_content):
        for issue in (issue for issue in issues if issue.number not in matched):
            fitting = [entry for entry in left if same(issue, entry)]
            if fitting:
                best = min(fitting, key=lambda entry: (entry.number != issue.number, not entry.number))
                matched[issue.number] = best
                left.remove(best)
    return matched


def _unchanged(issue: Issue, entry: Known | None) -> bool:
    return entry is not None and (issue.slug, issue.github) == (entry.slug, entry.github)


def _same_on_forge(issue: Issue, entry: Known) -> bool:
    return issue.github is not None and issue.github == entry.github


def _may_be(issue: Issue, entry: Known) -> bool:
    return issue.github is None or entry.github is None


def _same_slug(issue: Issue, entry: Known) -> bool:
    return issue.slug == entry.slug and _may_be(issue, entry)


def _same_content(issue: Issue, entry: Known) -> bool:
    """Return whether number and content are the same, so that only the title changed."""
    same = issue.number == entry.number and entry.content != "" and entry.content == _content(issue)
    return same and _may_be(issue, entry)


def _content(issue: Issue) -> str:
    return digest([issue.criteria, issue.spec])[:16] if issue.criteria or issue.spec else ""


def revise(issues: Sequence[Issue], roll: Roll, decision: int) -> tuple[Roll, tuple[Revision, ...]]:
    """Return the roll for a changed plan, and each issue before and after; `decision` is the next decision's number."""
    matched = match(issues, roll.issues)
    plan = {entry: issue for issue in issues if (entry := matched.get(issue.number)) is not None}
    first = 1 if not roll.issues else decision
    revisions = [Revision(entry, _revised(entry, plan.get(entry), roll, decision)) for entry in roll.issues]
    revisions += [Revision(None, _new(issue, first)) for issue in issues if issue.number not in matched]
    moved = [one for one in revisions if one.before and one.before.number != one.now.number]
    moves = tuple(move for one in moved for move in _moves(one))
    numbers = {known.number for one in moved for known in (one.before, one.now) if known}
    return Roll(tuple(one.now for one in revisions), moves, tuple(sorted(numbers - {""}))), tuple(revisions)


def _new(issue: Issue, since: int) -> Known:
    return Known(issue.title, issue.slug, issue.github, _content(issue), issue.phase, (Span(issue.number, since),))


def _revised(entry: Known, issue: Issue | None, roll: Roll, decision: int) -> Known:
    if issue is None:
        return _removed(entry, roll, decision) if entry.number else entry
    now = replace(
        entry,
        title=issue.title,
        slug=issue.slug,
        github=issue.github,
        content=_content(issue),
        phase=issue.phase,
    )
    if entry.number == issue.number:
        return now
    return replace(now, spans=(*entry.spans, Span(issue.number, decision)), place=None)


def _removed(entry: Known, roll: Roll, decision: int) -> Known:
    taken = {other.place for other in roll.issues}
    names = (f"removed/{entry.number}-{entry.slug}{suffix}" for suffix in ("", *(f".{n}" for n in range(2, 1000))))
    place = next(name for name in names if name not in taken)
    return replace(entry, spans=(*entry.spans, Span("", decision)), place=place)


def _moves(revision: Revision) -> tuple[Move, ...]:
    before, now = revision.before or revision.now, revision.now
    return tuple(
        Move(_folder(before, room), _folder(now, room), now.number if room == "issues" else "")
        for room in ("issues", "logs")
    )


def _folder(entry: Known, room: str) -> str:
    return f"{room}/{entry.number}" if entry.number else f"{entry.place}/{room}"


def changed(before: Roll, after: Roll) -> frozenset[str]:
    """Return the numbers that meant another issue before, where a roll was revised elsewhere."""
    pairs = zip(before.issues, after.issues, strict=False)
    return frozenset({number for pair in pairs if pair[0].number != pair[1].number for number in _numbers(pair)} - {""})


def _numbers(known: Sequence[Known]) -> tuple[str, ...]:
    return tuple(entry.number for entry in known)


def another(number: str) -> str:
    """Return why an answer that was left for a number is refused."""
    return f"{number} means another issue now"


def renumbered(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of the journal with the present numbers of their issues.

    An entry `issues renumbered` says which folder became which; the entries before it have the older numbers.
    """
    moved, translated_entries = dict[str, str](), list[dict[str, Any]]()
    for entry in reversed(entries):
        if entry.get("event") == "issues renumbered":
            moved = {**moved, **{old: moved.get(new, new) for old, new in entry.get("moves", {}).items()}}
        translated_entries.append(_with_numbers(entry, moved) if moved else entry)
    return translated_entries[::-1]


def _with_numbers(entry: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
    names = {name: entry[name] for name in ("task", "gate", "issue") if isinstance(entry.get(name), str)}
    return {**entry, **{name: _in_folder(value, moved) for name, value in names.items()}}


def _in_folder(name: str, moved: dict[str, str]) -> str:
    number, colon, step = name.partition(":")
    folder = moved.get(f"issues/{number}")
    if folder is None:
        return name
    return f"{folder.removeprefix('issues/').removesuffix('/issues')}{colon}{step}"


def translated(decision: Decision, known: Sequence[Known]) -> Decision:
    """Return a decision with the present numbers of its issues; its file stays as it is."""
    gate, findings = _now(decision.gate, decision.id, known), decision.findings
    if decision.kind is Kind.PHASE or decision.gate.startswith("phase-"):
        findings = tuple(_listed(finding, decision.id, known) for finding in findings)
    return replace(decision, gate=gate, findings=findings)


def _listed(finding: Finding, decision: int, known: Sequence[Known]) -> Finding:
    """Return an item of a phase's list with the present number of its issue, also in the message."""
    now = _now(finding.rule, decision, known)
    return replace(finding, rule=now, message=finding.message.replace(f"issue #{finding.rule}", f"issue #{now}", 1))


def _now(number: str, decision: int, known: Sequence[Known]) -> str:
    """Return the present number of the issue that had `number` at a decision."""
    if not number.isdigit():
        return number
    for entry in known:
        had = [span.number for span in entry.spans if span.since <= decision]
        if had[-1:] == [number]:
            return entry.number or f"{number} (removed)"
    return number
