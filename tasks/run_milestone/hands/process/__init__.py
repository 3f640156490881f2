"""process: the one door through which anything is run; argument lists only, never a shell."""

from __future__ import annotations

from .door import Processes
from .kept import KEEP, Result
from .talk import Talk

__all__ = ["KEEP", "Processes", "Result", "Talk"]
