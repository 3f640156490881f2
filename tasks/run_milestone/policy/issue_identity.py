"""identity: WHO IS WHO; which issue of the plan is which issue of the records, whatever its number is now. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.serialize import digest
from ..model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Decision, Finding, Issue


@dataclass(frozen=True, slots=True)
class Span:
    """A number that an issue had (empty: none, it was not in the plan), from decision `since` on."""

    number: str
    since: int


@dataclass(frozen=True, slots=True)
class Known:
    """An issue as the records know it, last in `phase`.

    `branch` is where its work is, `place` its folder of records while it is not in the plan.
    `content` names its criteria and its specification; empty where it has neither.
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
        """Its number in the plan, empty where it is not in it any more."""
        return self.spans[-1].number


@dataclass(frozen=True, slots=True)
class Move:
    """A folder of records that goes elsewhere, both below the state's; its markers become those of `number`."""

    source: str
    target: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Roll:
    """Every issue that a milestone ever had; with `moves`, a revision that is still to be carried out.

    `changed` are the numbers that mean another issue than before; `staged` says that all folders left their place.
    """

    issues: tuple[Known, ...] = ()
    moves: tuple[Move, ...] = ()
    changed: tuple[str, ...] = ()
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """What became of one issue: as it was known (None: not at all), and as it is known now."""

    before: Known | None
    now: Known


def match(issues: Sequence[Issue], known: Sequence[Known]) -> dict[str, Known]:
    """Return which known issue each issue of the plan is, by its number in the plan; a new one is none.

    The number on the forge tells first, then the slug, then the same number with the same criteria.
    """
    found = {entry.number: entry for entry in known if entry.number}
    if len(found) == len(issues) and all(_unchanged(issue, found.get(issue.number)) for issue in issues):
        return found
    matched, left = dict[str, Known](), list(known)
    for same in (_same_on_forge, _same_slug, _same_content):
        for issue in issues:
            entry = None if issue.number in matched else _best(issue, left, same)
            if entry is not None:
                matched[issue.number] = entry
                left.remove(entry)
    return matched


def _unchanged(issue: Issue, entry: Known | None) -> bool:
    return entry is not None and (issue.slug, issue.github) == (entry.slug, entry.github)


def _best(issue: Issue, known: Sequence[Known], same: Callable[[Issue, Known], bool]) -> Known | None:
    """Return the known issue that this is: rather one of the same number, rather one that is in the plan."""
    fitting = [entry for entry in known if same(issue, entry)]
    return min(fitting, key=lambda entry: (entry.number != issue.number, not entry.number), default=None)


def _same_on_forge(issue: Issue, entry: Known) -> bool:
    return issue.github is not None and issue.github == entry.github


def _may_be(issue: Issue, entry: Known) -> bool:
    return issue.github is None or entry.github is None


def _same_slug(issue: Issue, entry: Known) -> bool:
    return issue.slug == entry.slug and _may_be(issue, entry)


def _same_content(issue: Issue, entry: Known) -> bool:
    """Return whether an issue only got another title: it has its number and asks for what it asked for."""
    same = issue.number == entry.number and entry.content != "" and entry.content == _content(issue)
    return same and _may_be(issue, entry)


def _content(issue: Issue) -> str:
    return digest([issue.criteria, issue.spec])[:16] if issue.criteria or issue.spec else ""


def revise(issues: Sequence[Issue], roll: Roll, decision: int) -> tuple[Roll, tuple[Revision, ...]]:
    """Return the roll for another plan and what became of which issue; `decision` is the next decision's number."""
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
    """Return why what was left for a number is not taken."""
    return f"{number} means another issue now"


def renumbered(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the journal's entries with the numbers that their issues have now.

    An entry `issues renumbered` tells which folder of records became which; what came before it bears older numbers.
    """
    moved, told = dict[str, str](), list[dict[str, Any]]()
    for entry in reversed(entries):
        if entry.get("event") == "issues renumbered":
            moved = {**moved, **{old: moved.get(new, new) for old, new in entry.get("moves", {}).items()}}
        told.append(_with_numbers(entry, moved) if moved else entry)
    return told[::-1]


def _with_numbers(entry: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
    found = {name: entry[name] for name in ("task", "gate", "issue") if isinstance(entry.get(name), str)}
    return {**entry, **{name: _in_folder(value, moved) for name, value in found.items()}}


def _in_folder(name: str, moved: dict[str, str]) -> str:
    number, colon, step = name.partition(":")
    folder = moved.get(f"issues/{number}")
    if folder is None:
        return name
    return f"{folder.removeprefix('issues/').removesuffix('/issues')}{colon}{step}"


def translated(decision: Decision, known: Sequence[Known]) -> Decision:
    """Return a decision with the numbers that its issues have now; its file stays as it was written."""
    gate, findings = _now(decision.gate, decision.id, known), decision.findings
    if decision.kind is Kind.PHASE or decision.gate.startswith("phase-"):
        findings = tuple(_listed(finding, decision.id, known) for finding in findings)
    return replace(decision, gate=gate, findings=findings)


def _listed(finding: Finding, decision: int, known: Sequence[Known]) -> Finding:
    """Return an item of a phase's list with its issue's present number, which its message says too."""
    now = _now(finding.rule, decision, known)
    return replace(finding, rule=now, message=finding.message.replace(f"issue #{finding.rule}", f"issue #{now}", 1))


def _now(number: str, decision: int, known: Sequence[Known]) -> str:
    """Return the number that the issue has now which had `number` at a decision."""
    if not number.isdigit():
        return number
    for entry in known:
        had = [span.number for span in entry.spans if span.since <= decision]
        if had[-1:] == [number]:
            return entry.number or f"{number} (removed)"
    return number
