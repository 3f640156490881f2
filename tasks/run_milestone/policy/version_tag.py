"""Suggest the tag of a milestone: the next version after the repository's own tags. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAG = re.compile(r"(?P<prefix>(?:.*[^\d.])?)(?P<version>\d{1,9}(?:\.\d{1,9}){1,2})(?P<before>[-.+_]?[a-zA-Z][\w.-]*)?")
_YEAR = 1990
"""From here on the first number is a year: who names versions by date needs no advice on numbers."""


@dataclass(frozen=True, slots=True, order=True)
class _Version:
    numbers: tuple[int, ...]
    is_final: bool
    prefix: str


def next_tag(tags: Iterable[str], milestone: str) -> str:
    """Return the tag for a milestone: the next minor version, written as the repository writes its tags.

    A version that only has pre-releases is next itself. Without version tags the milestone's id gives the version:
    m4.1 is v0.4.1. Empty where versions are dates.
    """
    newest = _newest(tags)
    if newest is None:
        return f"v{_of_id(milestone)}"
    if newest.numbers[0] >= _YEAR:
        return ""
    return newest.prefix + ".".join(map(str, newest.numbers if not newest.is_final else _after(newest.numbers)))


def newest_version(tags: Iterable[str]) -> str:
    """Return the newest version among tags, without what the repository writes before it; 0.0.0 where none is one."""
    newest = _newest(tags)
    return ".".join(map(str, newest.numbers)) if newest else "0.0.0"


def _newest(tags: Iterable[str]) -> _Version | None:
    """Return the newest of the tags that are written as most are."""
    versions = [version for tag in tags if (version := _read(tag))]
    if not versions:
        return None
    usual, _ = max(Counter(one.prefix for one in versions).items(), key=lambda item: (item[1], -len(item[0])))
    return max(one for one in versions if one.prefix == usual)


def _after(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (numbers[0], numbers[1] + 1, *(0 for _ in numbers[2:]))


def _read(tag: str) -> _Version | None:
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    return _Version(tuple(map(int, match["version"].split("."))), match["before"] is None, match["prefix"])


def _of_id(milestone: str) -> str:
    """Return the version of a milestone's id: m4.1 is 0.4.1, m3 is 0.3.0; any other name is the first version."""
    parts = milestone.removeprefix("m").split(".")
    return ".".join(["0", *parts, "0"][:3]) if all(part.isdigit() for part in parts) else "0.1.0"
