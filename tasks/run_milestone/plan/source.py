"""A plan as it was written: its issues, its names, and the place of each, for the rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core.serialize import Steps, where
from ..model import Milestone
from ..policy import naming
from .diagnostics import Problem
from .yaml_reader import Document


def is_pattern(key: str) -> bool:
    """Return whether a key of `commands` is a pattern of paths, and no setting."""
    return "/" in key or "*" in key


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue as written: its path in the plan, its phase, and its fields that fit the schema."""

    steps: Steps
    phase: int
    fields: dict[str, Any]

    @property
    def number(self) -> int | None:
        """The plan number as written."""
        return self.fields.get("number")

    @property
    def name(self) -> str:
        """The name of the issue in messages."""
        return f"#{naming.number(self.number)}" if self.number else where(self.steps)

    @property
    def slug(self) -> str:
        """The slug, made from the title where none is given."""
        return str(self.fields.get("slug") or naming.slug_of(self.fields.get("title", "")))

    def branch(self, milestone: str) -> str:
        """Return the issue's branch."""
        number = str(self.fields.get("github") or naming.number(self.number or 0))
        return naming.branch_name(milestone, self.fields.get("type", "feat"), number, self.slug)


@dataclass(frozen=True)
class Written:
    """A plan as written: its folder, the document with the places, and its fields that fit the schema."""

    folder: Path
    document: Document
    fields: dict[str, Any]

    @cached_property
    def id(self) -> str:
        """The milestone's id; the folder's name where the plan gives none."""
        return naming.normalise(self.fields["id"]) if "id" in self.fields else self.folder.name

    @cached_property
    def branch(self) -> str:
        """The milestone branch."""
        return str(self.fields.get("branch", f"milestone/{self.id}"))

    @cached_property
    def target(self) -> str:
        """The target branch."""
        return str(self.fields.get("target", Milestone.__dataclass_fields__["target"].default))

    @cached_property
    def issues(self) -> tuple[Entry, ...]:
        """Every issue that is a mapping, in plan order."""
        return tuple(
            Entry(("phases", place, "issues", position), place + 1, issue)
            for place, phase in enumerate(self.fields.get("phases", ()))
            for position, issue in enumerate((phase or {}).get("issues", ()))
            if issue is not None
        )

    @cached_property
    def parts(self) -> dict[str, dict[str, Any]]:
        """The commands by path: pattern and commands of each part of the repository."""
        commands = self.fields.get("commands") or {}
        return {key: part for key, part in commands.items() if is_pattern(key) and part is not None}

    def problem(self, steps: Steps, what: str) -> Problem:
        """Return the problem of the value at `steps`, or of what should hold it."""
        return Problem(self.document.place(steps), where(steps), what)
