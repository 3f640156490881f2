"""Merge what two machines recorded since their last common commit: file by file, or a clash. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError
from ..store.json_record import TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    Files = Mapping[str, bytes]
    Changes = Mapping[str, bytes | None]
    Writes = dict[str, bytes | None]
    Numbers = dict[tuple[int, str], int | None]

JOURNAL = "journal.jsonl"
REGISTRY = "issues.json"
DECISIONS = "decisions/"
DERIVED = frozenset({"summary.json", "summary.md", "metrics.json", "remote.json", "plan-review.md"})
"""Written again from the rest by the run that ends last."""

_ISSUE = re.compile(r"(?:issues/(\d+)/.+|gates/(\d+)\.json)")
_DECISION = re.compile(r"decisions/(\d+)-.+\.json")
_NEXT = (
    "The remote has theirs, nothing here was changed: move the milestone's folder of state aside, "
    "run `run-milestone state pull` and compare."
)


class Clash(OutsideError):
    """Two machines changed the same at once; neither is overwritten."""

    def __init__(self, what: str) -> None:
        super().__init__(what, _NEXT)


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be written here, in order (None: removed)."""

    writes: Writes = field(default_factory=dict)
    asides: tuple[str, ...] = ()
    """Approvals here that one of the same name replaces; they are set aside first."""
    numbers: Numbers = field(default_factory=dict)
    """New numbers of decisions, by old number and gate; None for one that others made from the same approval."""


def merge(ours: Files, edited: AbstractSet[str], theirs: Changes) -> Merged:
    """Merge what others changed (`theirs`) into `ours`, where this machine `edited` some paths meanwhile.

    Errors: Clash where both worked on the same issue, or where a decision that was used would need another number.
    """
    differing = {path: content for path, content in theirs.items() if not _same_but_for_times(ours.get(path), content)}
    unlike = {path for path in edited if path not in theirs or path in differing}
    plain = {path: content for path, content in differing.items() if path != JOURNAL and not path.startswith(DECISIONS)}
    _refuse_same_issue(unlike, plain)
    taken = {path: content for path, content in plain.items() if path not in unlike or _theirs_wins(path, content)}
    if REGISTRY in taken and REGISTRY in unlike:
        taken[REGISTRY] = _registry(ours.get(REGISTRY), taken[REGISTRY])
    retimed = {path: content for path, content in theirs.items() if path not in {*differing, *DERIVED, JOURNAL}}
    asides = tuple(path for path in taken if path in unlike and path in ours and path.startswith("approvals/"))
    decisions, numbers = _decisions(ours, edited, theirs)
    writes = {path: content for path, content in {**retimed, **taken}.items() if ours.get(path) != content}
    return Merged(dict(sorted({**writes, **decisions}.items(), key=_order)), asides, numbers)


def _order(write: tuple[str, bytes | None]) -> tuple[bool, bool, str]:
    """Write gates before their answers, which must not be older, and delete last."""
    path, content = write
    return content is None, path.startswith("approvals/"), path


def _same_but_for_times(one: bytes | None, other: bytes | None) -> bool:
    if one is None or other is None or one == other:
        return one == other
    known = _timeless(one)
    return known is not None and known == _timeless(other)


def _timeless(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return {key: item for key, item in value.items() if key not in TIMES} if isinstance(value, dict) else None


def _issue(path: str) -> str | None:
    match = _ISSUE.fullmatch(path)
    return (match[1] or match[2]) if match else None


def _refuse_same_issue(ours: Iterable[str], theirs: Iterable[str]) -> None:
    both = {_issue(path) for path in ours} & {_issue(path) for path in theirs} - {None}
    if both:
        raise Clash(f"Issue {', '.join(sorted(map(str, both)))} was worked on here and elsewhere at the same time.")


def _theirs_wins(path: str, theirs: bytes | None) -> bool:
    """Return whether others' content of a path that both changed is taken; mostly, because it was there first."""
    if path in DERIVED:
        return False
    if path == "complete.json":
        return theirs is None  # the merged milestone has work left
    if path.startswith(("approvals/", "logs/")) or path == REGISTRY:
        return theirs is not None
    if path.startswith(("gates/", "phases/", "asked/")) or path in {"bootstrap.json", "plan-review.json"}:
        return True
    raise Clash(f"{path} was changed here and elsewhere at the same time.")


def _registry(ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """Return the registry with the branches that either side knows.

    Errors: Clash where they list different issues, because two plans were run at once.
    """
    if ours is None or theirs is None:
        return theirs or ours
    mine, others = _record(ours), _record(theirs)
    pairs = list(zip(mine.get("issues", ()), others.get("issues", ()), strict=False))
    is_same = len(mine.get("issues", ())) == len(pairs) == len(others.get("issues", ()))
    if not is_same or mine.get("moves") or any(_identity(one) != _identity(other) for one, other in pairs):
        raise Clash("The plan was changed, and two runs began with it at the same time.")
    issues = [{**other, "branch": other.get("branch") or one.get("branch")} for one, other in pairs]
    return _text({**others, "issues": issues})


def _identity(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an issue's entry without its branch, and without since when it has its number."""
    spans = [span.get("number") for span in entry.get("spans", ())]
    return {**{key: value for key, value in entry.items() if key != "branch"}, "spans": spans}


# ---- decisions ------------------------------------------------------------------------------------------------


def _decisions(ours: Files, edited: AbstractSet[str], theirs: Changes) -> tuple[Writes, Numbers]:
    """Renumber decisions made here behind those of others; one from an approval that others took is theirs."""
    here = {path: content for path, content in ours.items() if _is_decision(path)}
    writes: Writes = {path: new for path, new in theirs.items() if _is_decision(path) and here.get(path) != new}
    mine = [path for path in sorted(here) if path in edited and here[path] != theirs.get(path)]
    known = {path: new for path, new in ({**here, **dict.fromkeys(mine), **writes}).items() if new is not None}
    sources, taken = {_source(content) for content in known.values()}, {_number(path) for path in known}
    numbers: Numbers = {}
    for path in mine:
        number, gate, source = _number(path), str(_record(here[path]).get("gate")), _source(here[path])
        free = None if source and source in sources else number if number not in taken else 1 + max(taken)
        sources.add(source)
        if free is not None:
            taken.add(free)
        if free == number:
            continue
        _refuse_used(number, gate, edited)
        numbers[number, gate] = free
        writes.setdefault(path, None)
        if free is not None:
            writes[re.sub(r"/\d+-", f"/{free:04}-", path, count=1)] = _text({**_record(here[path]), "id": free})
    return writes, numbers


def _refuse_used(number: int, gate: str, edited: Iterable[str]) -> None:
    """Refuse to renumber a decision that work was based on, because records name it by its number."""
    if any(path.startswith((f"issues/{gate}/", f"phases/{gate.removeprefix('phase-')}.json")) for path in edited):
        others = "others recorded one of that number meanwhile"
        raise Clash(f"Decision {number} at gate {gate} was used here, and {others}.")


def _is_decision(path: str) -> bool:
    return _DECISION.fullmatch(path) is not None


def _number(path: str) -> int:
    match = _DECISION.fullmatch(path)
    return int(match[1]) if match else 0


def _record(content: bytes) -> dict[str, Any]:
    value = json.loads(content)
    return value if isinstance(value, dict) else {}


def _source(content: bytes) -> str | None:
    """Return the identity of the approval that a decision was made from."""
    return _record(content).get("source")


def _text(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def changed_subjects(paths: Iterable[str]) -> Iterator[str]:
    """Yield what a commit's subject names: issues by number, decisions by name, the rest by file."""
    issues = sorted({number for path in paths if (number := _issue(path))})
    if issues:
        yield f"issue {', '.join(issues)}"
    decisions = [path for path in paths if path.startswith(DECISIONS)]
    yield from (path.removeprefix(DECISIONS).removesuffix(".json") for path in decisions)
    named = ("approvals/", "phases/", "bootstrap", "plan-review.json", "complete", "gates/phase", "gates/b")
    yield from (path.removesuffix(".json").replace("phases/", "phase-") for path in paths if path.startswith(named))
