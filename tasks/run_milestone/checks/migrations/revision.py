"""A migration as a part of a line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """What a migration says of itself; `id` is None where that cannot be read without running the file."""

    path: str
    id: str | None
    parents: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    """The ids of those that it was squashed from."""
    is_linked: bool = True
    """Whether it names the one that it follows. Others run in the order of their versions."""
