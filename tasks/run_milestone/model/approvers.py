"""Whose answers count at a gate, as the plan says it and as one gate needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ApproverSpec:
    """Whose answers count, and how many are needed: everybody's where it names neither people nor code owners."""

    members: tuple[str, ...] = ()
    """Logins, teams and email addresses; the plan calls them `any`."""
    count: int = 1
    codeowners: bool = False
    """Whether the owners of each changed path are needed."""
    excluded: tuple[Literal["author", "implementer"], ...] = ()
    """Who may not approve; the plan calls it `not`."""


@dataclass(frozen=True, slots=True)
class Need:
    """How many people have to give a gate the same answer, and who they can be."""

    names: tuple[str, ...] = ()
    """As the plan or CODEOWNERS writes them; empty where everybody counts."""
    count: int = 1
    excluded: tuple[str, ...] = ()
    """Names of those who made the change, where they may not approve it."""
