"""Merging: what two machines recorded since they last agreed becomes one, file by file, or a clash; pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    Files = Mapping[str, bytes]
    Changes = Mapping[str, bytes | None]

JOURNAL = "journal.jsonl"
ROSTER = "issues.json"
DERIVED = frozenset({"summary.json", "summary.md", "metrics.json", "remote.json", "plan-review.md"})
"""Written again from the rest, by whoever is the last."""

_ISSUE = re.compile(r"(?:issues/(\d+)/.+|gates/(\d+)\.json)")
_DECISION = re.compile(r"decisions/(\d+)-.+\.json")
_TIMES = ("at", "took", "opened", "asked", "when")


class Clash(OutsideError):
    """Two machines did the same at once; neither is overwritten."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be written here, in order (None: removed), what makes room first, and decisions' new numbers."""

    writes: dict[str, bytes | None] = field(default_factory=dict)
    asides: tuple[str, ...] = ()
    """Approvals here that one of the same name replaces; they are set aside."""
    numbers: dict[tuple[int, str], int | None] = field(default_factory=dict)
    """By number and gate: the new number, None for a decision that others recorded from the same approval."""


def merge(ours: Files, own: AbstractSet[str], theirs: Changes) -> Merged:
    """Merge what others changed (`theirs`) into `ours`, where this machine changed `own` paths since both agreed.

    Errors: Clash where both worked on the same issue, or where a decision that was used would need another number.
    """
    differing = {path: content for path, content in theirs.items() if not _alike(ours.get(path), content)}
    unlike = {path for path in own if path not in theirs or path in differing}
    plain = {path: content for path, content in differing.items() if not _special(path)}
    _refuse_same_issue(unlike, plain)
    taken = {path: content for path, content in plain.items() if path not in unlike or _theirs(path, content)}
    if ROSTER in taken and ROSTER in unlike:
        taken[ROSTER] = _roster(ours.get(ROSTER), taken[ROSTER])
    retimed = {path: content for path, content in theirs.items() if path not in {*differing, *DERIVED, JOURNAL}}
    asides = tuple(path for path in taken if path in unlike and path in ours and path.startswith("approvals/"))
    decisions, numbers = _decisions(ours, own, theirs)
    writes = {path: content for path, content in {**retimed, **taken}.items() if ours.get(path) != content}
    return Merged(dict(sorted({**writes, **decisions}.items(), key=_order)), asides, numbers)


def _order(write: tuple[str, bytes | None]) -> tuple[bool, bool, str]:
    """Questions come before their answers, which must not be older; deletions come last."""
    path, content = write
    return content is None, path.startswith("approvals/"), path


def _special(path: str) -> bool:
    """Return whether a path is settled by its meaning."""
    return path == JOURNAL or path.startswith("decisions/")


def _alike(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two records say the same, whenever each was written."""
    if one is None or other is None or one == other:
        return one == other
    known = _timeless(one)
    return known is not None and known == _timeless(other)


def _timeless(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return {key: item for key, item in value.items() if key not in _TIMES} if isinstance(value, dict) else None


def _issue(path: str) -> str | None:
    found = _ISSUE.fullmatch(path)
    return (found[1] or found[2]) if found else None


def _refuse_same_issue(own: Iterable[str], theirs: Iterable[str]) -> None:
    both = {_issue(path) for path in own} & {_issue(path) for path in theirs} - {None}
    if both:
        raise Clash(
            f"Issue {', '.join(sorted(map(str, both)))} was worked on here and elsewhere at the same time.", _MOVE
        )


_MOVE = (
    "The remote has theirs, nothing here was changed: move the milestone's folder in state/ aside, "
    "run `run-milestone state pull` and compare."
)


def _theirs(path: str, theirs: bytes | None) -> bool:
    """Return whether others' content of a path that both changed is taken: mostly, because it was there first."""
    if path in DERIVED:
        return False
    if path == "complete.json":
        return theirs is None  # whatever happened, the milestone has work left
    if path.startswith(("approvals/", "logs/")) or path == ROSTER:
        return theirs is not None
    if path.startswith(("gates/", "phases/", "asked/")) or path in {"bootstrap.json", "plan-review.json"}:
        return True
    raise Clash(f"{path} was changed here and elsewhere at the same time.", _MOVE)


def _roster(ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """Return the registry with the branches that either knows, where both wrote it.

    Errors: Clash where they speak of different issues: then two plans were run at once.
    """
    if ours is None or theirs is None:
        return theirs or ours
    mine, others = _told(ours), _told(theirs)
    pairs = list(zip(mine.get("issues", ()), others.get("issues", ()), strict=False))
    same = len(mine.get("issues", ())) == len(pairs) == len(others.get("issues", ()))
    if not same or mine.get("moves") or any(_who(one) != _who(other) for one, other in pairs):
        raise Clash("The plan was changed, and two runs began with it at the same time.", _MOVE)
    issues = [{**other, "branch": other.get("branch") or one.get("branch")} for one, other in pairs]
    return _written({**others, "issues": issues})


def _who(known: dict[str, Any]) -> dict[str, Any]:
    """Return what an issue of the registry is, without where its work is and since when it has its number."""
    spans = [span.get("number") for span in known.get("spans", ())]
    return {**{key: value for key, value in known.items() if key != "branch"}, "spans": spans}


# ---- decisions ------------------------------------------------------------------------------------------------


def _decisions(
    ours: Files, own: AbstractSet[str], theirs: Changes
) -> tuple[dict[str, bytes | None], dict[tuple[int, str], int | None]]:
    """Give own decisions numbers behind those of others; one from an approval that others took is theirs."""
    here = {path: content for path, content in ours.items() if _DECISION.fullmatch(path)}
    changed = {path: content for path, content in theirs.items() if _DECISION.fullmatch(path)}
    mine = [path for path in sorted(here) if path in own and here[path] != changed.get(path)]
    there = {path: content for path, content in here.items() if path not in mine} | changed
    known = {path: content for path, content in there.items() if content is not None}
    writes = {path: content for path, content in changed.items() if here.get(path) != content}
    return _renumbered(here, own, mine, known, writes)


def _renumbered(
    ours: Files, own: AbstractSet[str], mine: list[str], known: Files, writes: dict[str, bytes | None]
) -> tuple[dict[str, bytes | None], dict[tuple[int, str], int | None]]:
    """Return all writes and the new numbers, once own decisions (`mine`) stand behind those that are `known`."""
    sources = {_source(content) for content in known.values()} - {None}
    taken = {_number(path) for path in known}
    numbers: dict[tuple[int, str], int | None] = {}
    for path in mine:
        number, gate = _number(path), str(_told(ours[path]).get("gate"))
        twice = _source(ours[path]) in sources
        free = None if twice else number if number not in taken else 1 + max(taken)
        sources.add(_source(ours[path]))
        if free == number:
            taken.add(number)
            continue
        _refuse_used(number, gate, own)
        numbers[number, gate] = free
        writes.setdefault(path, None)
        if free is not None:
            taken.add(free)
            writes[_with_number(path, free)] = _numbered(ours[path], free)
    return writes, numbers


def _refuse_used(number: int, gate: str, own: Iterable[str]) -> None:
    """Refuse to change the number of a decision that work was based on: records speak of it by its number."""
    marks = (f"issues/{gate}/", f"phases/{gate.removeprefix('phase-')}.json")
    if any(path.startswith(marks) for path in own):
        raise Clash(
            f"Decision {number} at gate {gate} was used here, and others recorded one of that number meanwhile.", _MOVE
        )


def _number(path: str) -> int:
    found = _DECISION.fullmatch(path)
    return int(found[1]) if found else 0


def _with_number(path: str, number: int) -> str:
    return re.sub(r"/\d+-", f"/{number:04}-", path, count=1)


def _told(content: bytes) -> dict[str, Any]:
    value = json.loads(content)
    return value if isinstance(value, dict) else {}


def _source(content: bytes) -> str | None:
    """Return the identity of the approval that a decision was made from."""
    return _told(content).get("source")


def _numbered(content: bytes, number: int) -> bytes:
    return _written({**_told(content), "id": number})


def _written(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def renumber(numbers: Mapping[tuple[int, str], int | None]) -> Any:
    """Return what becomes of a journal's own entry: one that tells of a decision gets its number, or goes with it."""

    def change(entry: dict[str, Any]) -> dict[str, Any] | None:
        key = (entry.get("id"), entry.get("gate"))
        if entry.get("event") != "decision" or key not in numbers:
            return entry
        number = numbers[key]  # type: ignore[index]
        return None if number is None else {**entry, "id": number}

    return change


def told(paths: Iterable[str]) -> Iterator[str]:
    """Yield what a change is about, for people: issues by number, decisions by name, the rest by file."""
    issues = sorted({number for path in paths if (number := _issue(path))})
    if issues:
        yield f"issue {', '.join(issues)}"
    yield from (
        path.removeprefix("decisions/").removesuffix(".json") for path in paths if path.startswith("decisions/")
    )
    own = ("approvals/", "phases/", "bootstrap", "plan-review.json", "complete", "gates/phase", "gates/b")
    yield from (path.removesuffix(".json").replace("phases/", "phase-") for path in paths if path.startswith(own))
