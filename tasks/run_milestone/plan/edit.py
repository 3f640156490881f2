"""Add keys, issues and phases to the text of a plan; every other character stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.fs import write_text

Fields = Mapping[str, Any]
"""An issue's or a phase's keys in order: texts, numbers, lists of them, criteria as mappings."""

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Ends of a line in YAML."""


class PlanText:
    """The text of a valid plan; `text` is the edited one."""

    def __init__(self, text: str) -> None:
        """Parse the text for the places of its values."""
        import yaml

        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._lines = [0, *(match.end() for match in _BREAK.finditer(text))]
        self._root: Any = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._added: list[tuple[int, str]] = []

    @property
    def text(self) -> str:
        """The text with everything that was added."""
        places = sorted(self._added, key=lambda added: added[0])
        starts = [0, *(place for place, _ in places)]
        ends = [*starts[1:], len(self._text)]
        pieces = [self._text[start:end] for start, end in zip(starts, ends, strict=True)]
        return "".join(piece + more for piece, more in zip(pieces, [*(text for _, text in places), ""], strict=True))

    def add_keys(self, phase: int, position: int, fields: Fields) -> None:
        """Give an issue more keys, behind its number; `phase` and `position` count from 0."""
        issue = _value(self._phase(phase), "issues").value[position]
        number = _value(issue, "number")
        if issue.flow_style:
            added = "".join(f", {key}: {flow(value)}" for key, value in fields.items())
            self._added.append((self._offset(number.end_mark), added))
        else:
            lines = [line for key, value in fields.items() for line in _key(key, value)]
            self._add_lines(number, lines, issue.start_mark.column)

    def add_issue(self, phase: int, fields: Fields) -> None:
        """Put an issue at the end of a phase."""
        self._append(_value(self._phase(phase), "issues"), fields)

    def add_phase(self, fields: Fields) -> None:
        """Put a phase, with its issues, at the end of the plan."""
        self._append(_value(self._root, "phases"), fields)

    def _phase(self, place: int) -> Any:
        return _value(self._root, "phases").value[place]

    def _append(self, sequence: Any, fields: Fields) -> None:
        if sequence.flow_style:
            end = self._offset(sequence.end_mark) - 1
            comma = "" if self._text[:end].rstrip().endswith(",") else ", "
            self._added.append((end, f"{comma}{flow(fields)}"))
        else:
            self._add_lines(_last(sequence), item(fields), sequence.start_mark.column, comments=True)

    def _add_lines(self, node: Any, lines: Iterable[str], indent: int, *, comments: bool = False) -> None:
        """Add lines after the last line of a node; with `comments` also after the comments that belong to it."""
        pad = " " * indent
        block = getattr(node, "style", None) in {"|", ">"}  # it ends where the next line begins
        line = int(node.end_mark.line) + (not block or node.end_mark.column > 0)
        while comments and re.match(rf"[ ]{{{indent + 1},}}#", self._line(line)):
            line += 1
        place = self._lines[line] if line < len(self._lines) else len(self._text)
        added = [f"{pad}{line}" for line in lines]
        if self._text[:place].endswith(("\n", "\r", "\x85", "\u2028", "\u2029")):
            self._added.append((place, "".join(f"{line}{self._newline}" for line in added)))
        else:
            self._added.append((place, "".join(f"{self._newline}{line}" for line in added)))

    def _line(self, line: int) -> str:
        return self._text[self._lines[line] :] if line < len(self._lines) else ""

    def _offset(self, mark: Any) -> int:
        return self._lines[int(mark.line)] + int(mark.column)


def _value(mapping: Any, key: str) -> Any:
    return next(value for name, value in mapping.value if name.value == key)


def _last(node: Any) -> Any:
    """Return the innermost node that ends where this one does; the marks of a block reach too far."""
    children = getattr(node, "value", None)
    if isinstance(children, str) or node.flow_style or not children:
        return node
    last = children[-1]
    return _last(last[1] if isinstance(last, tuple) else last)


# ---- writing ------------------------------------------------------------------------------------------------------


def item(fields: Fields) -> list[str]:
    """Return the lines of a list's item: `- number: 4`, `  title: "…"`."""
    lines = [line for key, value in fields.items() for line in _key(key, value)]
    return [f"{'  ' if place else '- '}{line}" for place, line in enumerate(lines)]


def _key(key: str, value: Any) -> list[str]:
    """Return the lines of a key; texts and mappings in a list get a line each, numbers and labels share one."""
    if not _is_list(value) or key not in {"criteria", "issues"}:
        return [f"{key}: {flow(value)}"]
    items = [item(each) if isinstance(each, Mapping) else [f"- {flow(each)}"] for each in value]
    return [f"{key}:", *(f"  {line}" for lines in items for line in lines)]


def flow(value: Any) -> str:
    """Return a value on one line, as YAML."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(each)}' for key, each in value.items())}}}"
    if _is_list(value):
        return f"[{', '.join(map(flow, value))}]"
    return quoted(value) if isinstance(value, str) else str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def quoted(text: str) -> str:
    """Return a text as a YAML scalar, in quotes unless it is one plain word."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,19}", text) and text.lower() not in _WORDS:
        return text
    written = json.dumps(text, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escaped(character) for character in written)


_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""Words that some YAML readers take for a boolean or null."""


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def save(folder: Path, text: str, specs: Mapping[str, str]) -> None:
    """Write specs that do not exist yet, then the plan that names them."""
    for name, spec in specs.items():
        if not (folder / name).exists():
            write_text(folder / name, spec)
    write_text(folder / "plan.yaml", text)
