"""metered: runs `run-milestone` in this process, and leaves its CPU seconds in a file: its own, and its children's."""

from __future__ import annotations

import atexit
import json
import resource
import sys
from pathlib import Path

from run_milestone.__main__ import main


def _leave(path: Path) -> None:
    used = {"own": resource.RUSAGE_SELF, "children": resource.RUSAGE_CHILDREN}
    seconds = {name: sum(resource.getrusage(who)[:2]) for name, who in used.items()}
    path.write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    atexit.register(_leave, Path(sys.argv.pop(1)))
    sys.exit(main())
