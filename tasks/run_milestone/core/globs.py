"""Match paths against the patterns of a plan."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]/]*\]|[^*?\[]+|.", re.DOTALL)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Return whether any pattern matches. `*` stays within a folder, `**` crosses, a folder matches its content."""
    return _compiled(tuple(patterns)).fullmatch(f"{path}/") is not None


class Patterns:
    """Many patterns, compiled once.

    Most name a file or a folder anywhere, which is looked up without the path. Such a name stands for all in it too.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        """Compile patterns as `matches` takes them."""
        names, paths = list[str](), list[str]()
        for pattern in patterns:
            name = pattern.removeprefix("**/")
            (names if pattern != name and "/" not in name else paths).append(pattern)
        self._names = re.compile("|".join(_segment(name.removeprefix("**/")) for name in names) or r"(?!)", re.DOTALL)
        self._paths = tuple(paths)
        self._folders: dict[str, bool] = {}

    def match(self, path: str) -> bool:
        """Return whether any pattern matches a path."""
        *folders, name = path.split("/")
        return any(map(self._has, folders)) or bool(self._names.fullmatch(name)) or matches(path, self._paths)

    def _has(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = self._names.fullmatch(folder) is not None
        return self._folders[folder]


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
    if "[" not in text:  # to compile a thousand names one by one takes a tenth of a second
        return expression
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
