"""hands: THE OUTSIDE; one door per outside program, each behind a small port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .forge import Forge
    from .git import Git
    from .process import Processes


@dataclass(frozen=True, slots=True)
class Hands:
    """Everything a run reaches outside with."""

    processes: Processes
    git: Git
    forge: Forge
