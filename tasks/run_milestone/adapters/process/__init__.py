"""Run other programs: the only place that starts any, always from argument lists, never through a shell."""

from __future__ import annotations

from .coprocess import Coprocess
from .environment import search_path
from .execute import NO_GRANTS, Processes
from .output import KEEP, KEEP_REPORT, Result
from .sandbox import Grants
from .terminal import run_in_terminal

__all__ = [
    "KEEP",
    "KEEP_REPORT",
    "NO_GRANTS",
    "Coprocess",
    "Grants",
    "Processes",
    "Result",
    "run_in_terminal",
    "search_path",
]
