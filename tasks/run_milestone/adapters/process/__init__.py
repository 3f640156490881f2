"""process: the one door through which anything is run; argument lists only, never a shell."""

from __future__ import annotations

from .coprocess import Talk
from .execute import Processes
from .output import KEEP, Result

__all__ = ["KEEP", "Processes", "Result", "Talk"]
