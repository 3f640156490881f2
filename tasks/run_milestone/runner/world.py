"""What a run knows of the outside: git, the forge and the heads of the local branches."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..adapters import Hands
    from ..model import World


@dataclass(slots=True)
class Outside:
    """What a run knows of the outside: its hands, what remote and forge said at its start, the local branches."""

    hands: Hands | None = None
    world: World | None = None
    heads: dict[str, str] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def reach(self) -> Hands:
        """Return the hands of a run that has begun."""
        if self.hands is None:
            raise RuntimeError("the session has not begun")
        return self.hands

    def asked(self) -> World:
        """Return what the remote and the forge said to a run that has begun."""
        if self.world is None:
            raise RuntimeError("the session has not begun")
        return self.world

    def read_heads(self) -> None:
        """Read the local branches again; no other thread's newer look is overwritten by an older one."""
        with self._turn:
            self.heads = self.reach().git.heads()

    def read_head(self, branch: str) -> None:
        """Read one local branch again."""
        with self._turn:
            head = self.reach().git.head(branch)
            others = {name: sha for name, sha in self.heads.items() if name != branch}
            self.heads = {**others, branch: head} if head else others
