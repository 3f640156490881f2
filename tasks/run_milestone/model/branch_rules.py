"""What a forge allows in a repository and on its branches, as far as it tells."""

from __future__ import annotations

from dataclasses import dataclass

MERGE, SQUASH, REBASE = METHODS = ("merge", "squash", "rebase")
"""How a pull request can be merged."""


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A rule about the name of a branch: `operator` is starts_with, ends_with, contains or regex."""

    operator: str
    pattern: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class BranchRules:
    """The rules of one branch."""

    signatures: bool = False
    """Whether it takes signed commits only."""
    linear: bool = False
    """Whether it takes no merge commits."""
    methods: tuple[str, ...] = METHODS
    """How pull requests may be merged into it."""
    checks: tuple[str, ...] = ()
    """Checks that must pass before a pull request is merged into it."""
    reviews: int = 0
    """Approving reviews that a pull request into it needs."""
    closed: str = ""
    """Why this login may not push to it, empty where it may."""
    queue: bool = False
    """Whether pull requests into it are merged by a queue."""
    names: tuple[NamePattern, ...] = ()
    others: tuple[str, ...] = ()
    """Names of rules whose effect is unknown before a push."""


@dataclass(frozen=True, slots=True)
class ForgeRights:
    """What a forge allows in the whole repository. None stands for what it does not tell."""

    can_push: bool | None = None
    archived: bool = False
    default_branch: str | None = None
    methods: tuple[str, ...] = METHODS
    hosted: bool = False
    """Whether the remote is the forge's own, so that a pull request needs its branches there."""
    longest_label: int | None = None
