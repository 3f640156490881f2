"""What the tests run in beside the tree: the interpreter, its packages, variables and the box."""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.serialize import digest

if TYPE_CHECKING:
    from ..model import Milestone, Tested
    from .run_context import RunContext

MOST_HIDDEN = 3
"""Paths that one question names."""

_ABSOLUTE = re.compile(r"(?<![\w./~-])/(?:[\w.@+-]+/)*[\w.@+-]*\w")


def environment(milestone: Milestone) -> str:
    """Return a digest of what the tests run in. It changes where a package is installed beside run-milestone."""
    variables = {name: os.environ.get(name) for name in milestone.commands.pass_env}
    installed = Path(sysconfig.get_path("purelib"))
    at = installed.stat().st_mtime_ns if installed.is_dir() else 0
    return digest([sys.executable, sys.version, platform.platform(), at, variables, milestone.sandbox])[:16]


def hidden_paths(run: RunContext, tree: Path, tests: Tested) -> list[str]:
    """Return for people which files that failing tests name are there, but not shown in the sandbox.

    Nothing in the home, the project or the state is offered: that the sandbox hides these is its purpose.
    """
    if run.adapters is None:
        return []
    sandbox = run.adapters.processes.sandbox
    named = dict.fromkeys(path for text in tests.details.values() for path in _ABSOLUTE.findall(text))
    hidden = [path for path in named if sandbox.hides(Path(path), tree)][:MOST_HIDDEN]
    return [
        f"The sandbox hides {path} from the tests. To show it, write into the plan: `sandbox: {{read: [{path}]}}`"
        for path in hidden
    ]
