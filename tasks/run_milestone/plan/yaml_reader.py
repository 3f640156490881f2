"""Read YAML strictly into mappings, lists and texts, with the place of each."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.serialize import Steps, quoted, where
from .diagnostics import Place, Problem

LARGEST = 4 * 1024 * 1024
"""Bytes; a plan of 1,000 issues has 0.8 MiB."""
DEEPEST = 32
"""Levels of nesting; the plan's own format has 8."""
MANY = 150_000
"""Values; a plan of 1,000 issues has 30,000. Keeps a hostile plan under 200 MB and a second or two."""
MOST = 100
"""Problems after which reading stops: a hostile plan has thousands."""

# The characters that YAML allows, without those it counts as line ends and Python does not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What was read. `value` is None where nothing could be read; `keys` and `values` hold the places."""

    value: Any
    values: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def place(self, steps: Steps) -> Place:
        """Return the place of a value, or of the nearest value around it where it is missing."""
        while steps not in self.values and steps:
            steps = steps[:-1]
        return self.values.get(steps, (1, 1))


class _StopReading(Exception):
    """Reading has to stop."""


def read_bytes(path: str | Path, limit: int = LARGEST) -> bytes | None:
    """Return the bytes of a regular file, None where there is none.

    Errors: ValueError, saying why, for anything else (it does not wait for a FIFO) and for more than `limit` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ValueError(f"it cannot be opened ({error.strerror})") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError("it is not a regular file")
    with os.fdopen(handle, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit >> 20} MiB")
    return data


def read(data: bytes) -> Document:
    """Read one YAML document in which every scalar is text; `problems` holds all that is wrong."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_of(data[: error.start].decode("utf-8", "replace"))
        return Document(None, problems=(Problem(place, "plan", "is not UTF-8 text, expected UTF-8"),))
    if forbidden := tuple(_control_characters(text)):
        return Document(None, problems=forbidden)
    return _Reader(text).document()


def _place_of(before: str) -> Place:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _control_characters(text: str) -> Iterator[Problem]:
    for match, _ in zip(_FORBIDDEN.finditer(text), range(MOST), strict=False):
        what = f"holds the character U+{ord(match.group()):04X}, expected it written as an escape in double quotes"
        yield Problem(_place_of(text[: match.start()]), "plan", what)


class _Reader:
    """Builds values from the events of libyaml, and refuses whatever is not plain data."""

    def __init__(self, text: str) -> None:
        import yaml

        self.yaml = yaml
        self.events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.values: dict[Steps, Place] = {}
        self.keys: dict[Steps, Place] = {}
        self.problems: list[Problem] = []

    def document(self) -> Document:
        try:
            value = self._only_document()
        except _StopReading:
            value = None
        except self.yaml.YAMLError as error:
            value = None
            self._syntax(error)
        return Document(value, self.values, self.keys, tuple(self.problems))

    def _only_document(self) -> Any:
        next(self.events)
        if not isinstance(next(self.events), self.yaml.DocumentStartEvent):
            self._refuse((1, 1), (), "is empty, expected a mapping with id, title and phases")
            return None
        value = self._node(next(self.events), ())
        next(self.events)
        after = next(self.events)
        if isinstance(after, self.yaml.DocumentStartEvent):
            self._refuse(_place(after), (), "holds a second document, expected exactly one")
        return value

    def _node(self, event: Any, steps: Steps) -> Any:
        place = self.values[steps] = _place(event)
        if len(steps) > DEEPEST or len(self.values) > MANY:
            self._too_much(place, steps)
        if isinstance(event, self.yaml.AliasEvent):
            self._refuse(place, steps, f"is the alias *{event.anchor:.60}, expected the value itself")
            return ""
        self._plain_only(event, place, steps)
        if isinstance(event, self.yaml.ScalarEvent):
            return self._text(event.value, place, steps)
        return self._mapping(steps) if isinstance(event, self.yaml.MappingStartEvent) else self._list(steps)

    def _too_much(self, place: Place, steps: Steps) -> None:
        deep = f"is nested too deep, expected {DEEPEST} levels at most"
        many = f"comes after too many values, expected {MANY:,} at most"
        self._refuse(place, steps, deep if len(steps) > DEEPEST else many)
        raise _StopReading

    def _plain_only(self, event: Any, place: Place, steps: Steps) -> None:
        if event.anchor is not None:
            self._refuse(place, steps, f"has the anchor &{event.anchor:.60}, expected a value without one")
        if event.tag is not None:
            self._refuse(place, steps, f"has the tag {quoted(event.tag)}, expected a value without one")

    def _text(self, text: str, place: Place, steps: Steps) -> str:
        # The parser in Python accepts an escaped half of a surrogate pair.
        if not text.isascii() and _SURROGATE.search(text):
            self._refuse(place, steps, "holds half a surrogate pair, expected whole characters")
            return ""
        return text

    def _list(self, steps: Steps) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), self.yaml.SequenceEndEvent):
            items.append(self._node(event, (*steps, len(items))))
        return items

    def _mapping(self, steps: Steps) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self.events), self.yaml.MappingEndEvent):
            if self._usable(event, mapping, steps):
                key = event.value
                self.keys[*steps, key] = _place(event)
                mapping[key] = self._node(next(self.events), (*steps, key))
            else:
                self._skip(event)
                self._skip(next(self.events))
        return mapping

    def _usable(self, event: Any, mapping: dict[str, Any], steps: Steps) -> bool:
        """Return whether a key is allowed in the mapping; add a problem where it is not."""
        place, before = _place(event), len(self.problems)
        if not isinstance(event, self.yaml.ScalarEvent):
            self._refuse(place, steps, "has a key that is not plain text, expected text")
            return False
        self._plain_only(event, place, steps)
        self._text(event.value, place, steps)
        if event.value == "<<":
            self._refuse(place, steps, "has the merge key <<, expected the keys themselves")
        if event.value in mapping:
            first = self.keys[*steps, event.value][0]
            self._refuse(place, (*steps, event.value), f"is there twice, expected only the one in line {first}")
        return len(self.problems) == before

    def _skip(self, event: Any) -> None:
        """Skip a node without building it."""
        depth = _opens(event)
        while depth:
            depth += _opens(next(self.events))

    def _refuse(self, place: Place, steps: Steps, what: str) -> None:
        self.problems.append(Problem(place, where(steps), what))
        if len(self.problems) >= MOST:
            raise _StopReading

    def _syntax(self, error: Any) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        why = getattr(error, "problem", None) or "it cannot be parsed"
        self.problems.append(Problem(place, "plan", f"is not YAML ({why:.120}), expected YAML"))


def _place(event: Any) -> Place:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _opens(event: Any) -> int:
    """Return 1 where a collection begins, -1 where one ends."""
    import yaml

    return isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
