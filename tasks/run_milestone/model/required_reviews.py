"""Who has to approve, as the plan says it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PeopleSpec:
    """How many approving reviews each pull request needs, and whose count: `members`, everybody's where it is empty."""

    required: int = 0
    members: tuple[str, ...] = ()
    """Logins and teams; the plan calls them `from`."""
    wait: str = "forever"
    bots: tuple[str, ...] = field(default=(), metadata={"later": True})
    """The bots whose reviews are findings of a reviewer."""
