"""What a box grants one untrusted command, and how a command is started inside a box."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ....model import ModelSpec


@dataclass(frozen=True, slots=True)
class Grants:
    """What one command needs beyond its folder and its temporary home.

    `agent` is for a coding agent: it gets the network of agents, and may make user namespaces for a sandbox of its own.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    agent: bool = False
    hosts: tuple[str, ...] = ()
    """The only hosts that it reaches."""
    model: ModelSpec | None = None
    """The model that it asks through the runner. Without hosts and a model it reaches what the sandbox says."""

    @property
    def names_hosts(self) -> bool:
        """Whether it reaches some hosts and no others."""
        return bool(self.hosts or self.model)


@dataclass(frozen=True, slots=True)
class Box:
    """How a command is started in its box: the words before it, and what its supervisor confines it by.

    `confinement` is what `confine.py` applies; it holds only what marshal can pack.
    """

    prefix: tuple[str, ...] = ()
    confinement: dict[str, Any] | None = None
    remove: tuple[str, ...] = ()
    """The command that takes away what is left of one that was ended; most boxes end with their processes."""


NO_BOX = Box()
"""The command runs as the user."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one call: what it may read, and what it may write."""

    read: tuple[Path, ...]
    write: tuple[Path, ...]
