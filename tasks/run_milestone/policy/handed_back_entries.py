"""Judge the journal's entries that a job without rights hands back: whose they are, and whether they can be read."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import budget, unboxed
from .boundary import MILESTONE_GATES
from .graph import BOOTSTRAP
from .split import WITHOUT_RIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

_PLACE = frozenset({"n", "at", "event", "prev"})
"""Keys of every entry."""
_ENDED = {"took", "record"}
_COSTS = frozenset({"cost", "review_costs"})
_KEYS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "done": (frozenset({"task", *_ENDED}), _COSTS),
    "broken off": (frozenset({"task", "took"}), _COSTS),
    "failed": (frozenset({"task", "why"}), frozenset()),
    "recorded": (frozenset({"task", "record"}), frozenset()),
    budget.BEGAN: (frozenset({"task"}), frozenset()),
    budget.REVIEW_BEGAN: (frozenset({"task"}), frozenset()),
    unboxed.BEGAN: (frozenset({"task"}), frozenset()),
    unboxed.ENDED: (frozenset({"task"}), frozenset()),
    "run started": (frozenset({"sandbox"}), frozenset({"probes", "operator"})),
    "run ended": (frozenset({"status"}), frozenset()),
    "connections": (frozenset({"tree", "program", "hosts"}), frozenset()),
    "boundary crossed": (frozenset({"changes", "approvals"}), frozenset()),
    "gate opened": (frozenset({"gate", "kind", "digest", "record"}), frozenset({"digests"})),
    "work thrown away": (frozenset({"issue", "decision", "kept"}), frozenset()),
}
"""The keys that each event has, and those that it may have. No other event is such a job's to record."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def foreign_entry(entries: Iterable[Mapping[str, Any]], given: Collection[str]) -> str | None:
    """Return the first event that such a job may not record, with what it is about; None where there is none."""
    return next((_name(entry) for entry in entries if not _is_its_own(entry, given)), None)


def unreadable_entry(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the first event whose facts nobody could read or add up, with what it is about; None where all can be."""
    return next((_name(entry) for entry in entries if not _is_readable(entry)), None)


def _name(entry: Mapping[str, Any]) -> str:
    about = next((str(entry[key]) for key in ("task", "gate", "issue", "file") if key in entry), "")
    return f"{entry.get('event')} {about}".strip()[:100]


def _is_its_own(entry: Mapping[str, Any], given: Collection[str]) -> bool:
    if entry.get("event") not in _KEYS:
        return False
    if "task" in entry:
        number, _, step = str(entry["task"]).partition(":")
        return entry["task"] == BOOTSTRAP or (number in given and step in set(WITHOUT_RIGHTS))
    if "gate" in entry:
        return str(entry["gate"]) in {*given, *MILESTONE_GATES}
    # a name of an operator is one under which somebody answers
    return not entry.get("operator") and ("issue" not in entry or str(entry["issue"]) in given)


def _is_readable(entry: Mapping[str, Any]) -> bool:
    needed, more = _KEYS.get(str(entry.get("event")), (frozenset(), frozenset()))
    keys = entry.keys() - _PLACE
    return needed <= keys <= needed | more and all(_FACTS.get(key, _is_text)(entry[key]) for key in keys | {"at"})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_amount(value: Any) -> bool:
    """Return whether a value is seconds or US dollars, None where they are unknown; never less than nothing."""
    return value is None or (type(value) in {int, float} and 0 <= value < _MOST)


_MOST = 1e9


def _are_amounts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_amount, value))


def _is_kept(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


_FACTS: dict[str, Callable[[Any], bool]] = {
    "at": _is_time,
    "took": _is_amount,
    "cost": _is_amount,
    "review_costs": _are_amounts,
    "record": _is_digest,
    "digest": _is_digest,
    "digests": _are_texts,
    "operator": _are_texts,
    "hosts": _are_texts,
    "changes": _are_texts,
    "approvals": _is_number,
    "decision": _is_number,
    "kept": _is_kept,
}
"""What a value must be, by its key; a text where the key is not listed."""
