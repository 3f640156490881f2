"""Decide who owns a path by a CODEOWNERS file, and which of its lines GitHub would call invalid. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may be. The first one counts."""
LARGEST = 3 << 20
"""Bytes; GitHub ignores a larger file."""
_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?"
_OWNER = re.compile(rf"@{_LOGIN}|@{_LOGIN}/[A-Za-z0-9_.-]{{1,100}}|[^@\s]+@[^@\s]+\.[^@\s]+")
_WORD = re.compile(r"(?:\\.|\S)+")
_ESCAPED = re.compile(r"\\(.)")
BLANK = "\ue000"
"""What stands for a space in names and patterns, because the library takes one for slashes."""


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """A CODEOWNERS file: what it says, without the lines that are skipped, and why each of those is."""

    path: str
    text: str
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who owns anything, as the file writes them."""
        return tuple(dict.fromkeys(name for line in self.text.splitlines() for name in line.split()[1:]))

    def of(self, paths: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """Return the owners of each path, none for a path that nobody owns."""
        import codeowners

        owned = codeowners.CodeOwners(self.text)
        plain = (path.replace(" ", BLANK).replace("\n", BLANK) for path in paths)
        return tuple(tuple(name for _, name in owned.of(path)) for path in plain)


def parse(path: str, text: str) -> CodeOwners:
    """Return what a CODEOWNERS file says. Of an invalid line nothing counts."""
    lines = text.splitlines()
    problems = {number: what for number, line in enumerate(lines, start=1) if (what := _problem(line)) is not None}
    kept = ("" if number in problems else _words(line) for number, line in enumerate(lines, start=1))
    shown = tuple(f"{what} on line {number}: {lines[number - 1].strip()}" for number, what in problems.items())
    return CodeOwners(path, "\n".join(" ".join(words) for words in kept), shown)


def _words(line: str) -> list[str]:
    """Return the pattern and the owners of a line, without a comment at its end."""
    words = _WORD.findall(line)
    end = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
    return [_ESCAPED.sub(lambda pair: BLANK if pair[1] == " " else pair[0], word) for word in words[:end]]


def _problem(line: str) -> str | None:
    """Return what GitHub calls invalid about a line, None where nothing is."""
    words = _words(line)
    if not words:
        return None
    if words[0].startswith(("!", "\\#")) or set("[]") & set(words[0]):
        return "Invalid pattern"
    return None if all(map(_OWNER.fullmatch, words[1:])) else "Invalid owner"
