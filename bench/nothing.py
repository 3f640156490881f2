"""nothing: what it costs to be told that there is nothing to do, against Python, ninja and a bare doit."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from .equal import make_bare_dodo, make_ninja
from .project import ID
from .table import Row, Skipped
from .timing import Command, side_by_side

if TYPE_CHECKING:
    from .finished import Recorded

SCRIPTS = Path(sysconfig.get_path("scripts"))
COMMANDS = {"no-op rerun": ("run-milestone", ID), "status": ("run-milestone", "status", ID)}


def against_python(session: Recorded, rounds: int) -> list[Row]:
    """Compare the quick answers with starting Python alone."""
    pause = Command((sys.executable, "-c", "pass"), session.project.root)
    return _quick(session, "python -c pass", pause, rounds, bar=3.0)


def against_ninja(session: Recorded, rounds: int) -> list[Row | Skipped]:
    """Compare the quick answers with ninja on an equal graph, where ninja is installed."""
    ninja = shutil.which("ninja")
    if ninja is None:
        why = "ninja is not installed (Debian: ninja-build)"
        return [Skipped(_what(name, session), why) for name in COMMANDS]
    folder = session.project.root / "ninja"
    make_ninja(folder, session, ninja)
    return [*_quick(session, "ninja, equal graph", Command((ninja, "--quiet"), folder), rounds, bar=2.0)]


def _quick(session: Recorded, against: str, other: Command, rounds: int, bar: float) -> list[Row]:
    root = session.project.root
    ours = {name: Command((str(SCRIPTS / argv[0]), *argv[1:]), root) for name, argv in COMMANDS.items()}
    took = side_by_side(rounds, other=other, **ours)
    return [Row(_what(name, session), took[name], against, took["other"], bar) for name in ours]


def against_bare_doit(session: Recorded, rounds: int) -> Row:
    """Compare `doit run m1` with a dodo.py of as many tasks that are all up to date."""
    folder = session.project.root / "bare"
    make_bare_dodo(folder, session)
    doit = (str(SCRIPTS / "doit"), "run", ID)
    took = side_by_side(rounds, ours=Command(doit, session.project.root), bare=Command(doit, folder))
    return Row(_what("doit run, no-op", session), took["ours"], "bare dodo, as many tasks", took["bare"], 1.3)


def _what(name: str, session: Recorded) -> str:
    return f"{name}, {len(session.milestone.issues):,} issues"
