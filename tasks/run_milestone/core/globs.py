"""globs: which paths a pattern of the plan means."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether any pattern means the path: `*` stays within a folder, `**` crosses, a folder means all below."""
    return any(_meant(path, pattern.rstrip("/")) for pattern in patterns)


def plain(pattern: str) -> bool:
    """Tell whether a pattern names one path, without wildcards."""
    return not set(pattern) & set("*?[")


def _meant(path: str, pattern: str) -> bool:
    if plain(pattern):
        return path == pattern or path.startswith(f"{pattern}/")
    return _match(path.split("/"), pattern.split("/"))


def _match(path: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_match(path[start:], pattern[1:]) for start in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _match(path[1:], pattern[1:])
