"""Guess which issues make a test fail, from the words that it and their changes have in common. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

FEW = 3
"""A word that more issues use says nothing about one of them."""
AS_FILE = 16
"""How much more the path of a file says than a name in it."""
_WORD = re.compile(r"[^\W\d]\w{2,}")
_PATH = re.compile(r"[^\s:\"'`,;()<>|=]+")
"""What may be a path in the output of a program."""


def words_of(*texts: str) -> frozenset[str]:
    """Return the names in texts."""
    return frozenset(word for text in texts for word in _WORD.findall(text))


def files_in(text: str, paths: Container[str]) -> frozenset[str]:
    """Return those of the paths that a text names, alone or below a folder that is not among them.

    `app/data.py` names no file `a.py`, and `/tmp/tree/sub/a.py` names `sub/a.py` where there is one, else `a.py`.
    """
    return frozenset(path for named in set(_PATH.findall(text)) if (path := _longest(named, paths)))


def files_of_tests(names: Iterable[str], paths: Iterable[str]) -> frozenset[str]:
    """Return the files that names of tests mean, as a report has them: by path, or by the dots of a module."""
    known, modules = frozenset(paths), dict[str, set[str]]()
    for path in known:
        modules.setdefault(path.rpartition(".")[0].replace("/", "."), set()).add(path)
    files = set[str]()
    for name in names:
        dotted = name.partition("::")[0].split(".")
        ends = (".".join(dotted[:end]) for end in range(len(dotted), 0, -1))
        files |= files_in(name, known) | next((modules[one] for one in ends if one in modules), set())
    return frozenset(files)


def _longest(named: str, paths: Container[str]) -> str | None:
    """Return the longest end of a path that is among `paths`."""
    parts = named.strip("./").split("/")
    return next((path for at in range(len(parts)) if (path := "/".join(parts[at:])) in paths), None)


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of issues that fail together before any smaller set of them is tested."""

    accused: tuple[str, ...] = ()
    """The issues that bring a failing test, in the order of landing."""
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names that each issue's change holds, and the paths of its files."""
    failure: frozenset[str] = frozenset()
    """The names in the failing tests and in their output, and the paths in it."""

    def suspects(self, issues: Iterable[str], *beside: str) -> list[str]:
        """Return those that share rare words with the failure or with the issues `beside`, the likeliest first."""
        evidence = self.failure.union(*(self.words.get(one, ()) for one in beside))
        users = Counter(word for words in self.words.values() for word in words)
        rare = {word for word in evidence if 0 < users[word] <= FEW}
        weights = {one: sum(map(_weight, self.words.get(one, frozenset()) & rare)) for one in issues}
        most = max(weights.values(), default=0)
        likely = (one for one, weight in weights.items() if weight and weight * FEW >= most)
        return sorted(likely, key=lambda one: -weights[one])


def _weight(word: str) -> int:
    return AS_FILE if "." in word or "/" in word else 1
