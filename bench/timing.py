"""timing: what commands take side by side, each measured in every round, so that a busy machine slows all alike."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, run in `folder`; what it prints is thrown away."""

    argv: tuple[str, ...]
    folder: Path

    def __call__(self) -> None:
        """Run to the end, with nothing between this process and the program; anything but success is an error."""
        silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        with contextlib.chdir(self.folder):
            child = os.posix_spawn(self.argv[0], self.argv, os.environ, file_actions=silent)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != 0:
            raise RuntimeError(f"`{' '.join(self.argv)}` ended with {code} in {self.folder}")


def side_by_side(rounds: int, **actions: Callable[[], object]) -> dict[str, float]:
    """Return the median seconds of each action over `rounds`; the first time of each is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds + 1):
        for name, action in actions.items():
            began = time.perf_counter()
            action()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}
