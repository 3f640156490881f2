"""metered: runs `run-milestone` in this process, and leaves its CPU seconds in a file, and those to its first step."""

from __future__ import annotations

import atexit
import json
import resource
import sys
from pathlib import Path
from typing import Any

from run_milestone.__main__ import main
from run_milestone.runner.session import Session

_used: dict[str, float] = {}


def _leave(path: Path) -> None:
    used = {"own": resource.RUSAGE_SELF, "children": resource.RUSAGE_CHILDREN}
    _used.update({name: sum(resource.getrusage(who)[:2]) for name, who in used.items()})
    path.write_text(json.dumps(_used), encoding="utf-8")


def _note_first_step() -> None:
    """Note the CPU seconds, those of children too, at which the first task of a run begins."""
    execute = Session.execute

    def noted(self: Session, *words: Any) -> None:
        if "first step" not in _used:
            spent = (resource.getrusage(who)[:2] for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
            _used["first step"] = sum(map(sum, spent))
        execute(self, *words)

    Session.execute = noted  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    atexit.register(_leave, Path(sys.argv.pop(1)))
    _note_first_step()
    sys.exit(main())
