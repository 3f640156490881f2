"""Match paths against the patterns of a plan."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Return whether any pattern matches. `*` stays within a folder, `**` crosses, a folder matches its content."""
    return _compiled(tuple(patterns)).fullmatch(f"{path}/") is not None


def plain(pattern: str) -> bool:
    """Return whether a pattern names one path, without wildcards."""
    return not set(pattern) & set("*?[")


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return one expression for all patterns, over paths that end in a slash. Some changes have 30,000 files."""
    return re.compile("|".join(_expression(pattern.rstrip("/")) for pattern in patterns) or r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    below = r"(?:[^/]+/)*"
    if plain(pattern):
        return f"{re.escape(pattern)}/{below}"
    return "".join(below if part == "**" else f"{_segment(part)}/" for part in pattern.split("/"))


def _segment(text: str) -> str:
    expression = "".join(map(_token, _TOKEN.findall(text)))
    try:
        re.compile(expression)
    except re.error:
        return r"(?!)"  # a range like `[z-a]` names no character
    return expression


def _token(token: str) -> str:
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":  # noqa: S105
        return "[^/]"
    if token.startswith("[") and len(token) > 1:
        inside = re.sub(r"([\\^\[\]&~|])", r"\\\1", token[1:-1].removeprefix("!"))
        return f"[{'^' if token[1] == '!' else ''}{inside}]"
    return re.escape(token)
