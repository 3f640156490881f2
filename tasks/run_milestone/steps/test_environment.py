"""What the tests run in beside the tree: the interpreter, its packages, variables and the box."""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
import sysconfig
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.serialize import digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model import Milestone, Tested
    from .run_context import RunContext

MOST_HIDDEN = 3
"""Paths that one question names."""

HOW_TO_START = (
    "A tree holds what is in git and nothing else: install what the command needs with `tree: {setup: [[…]]}`, "
    "or name another command in `commands: {test: …}`"
)
_CODES = re.compile(r"could not start|exit code 12[567]\)?$")
"""Problems by which a shell or `env` says that it found no program, could not start it, or found no folder."""
_MODULE = re.compile(r"python[\d.]*: No module named ")
_ABSOLUTE = re.compile(r"(?<![\w./~-])/(?:[\w.@+-]+/)*[\w.@+-]*\w")


def environment(milestone: Milestone) -> str:
    """Return a digest of what the tests run in. It changes where a package is installed beside run-milestone."""
    variables = {name: os.environ.get(name) for name in milestone.commands.pass_env}
    installed = Path(sysconfig.get_path("purelib"))
    at = installed.stat().st_mtime_ns if installed.is_dir() else 0
    return digest([sys.executable, sys.version, platform.platform(), at, variables, milestone.sandbox])[:16]


def hidden_paths(run: RunContext, tree: Path, tests: Tested) -> dict[str, list[str]]:
    """Return by failing test which files that it names are there, but not shown in the sandbox.

    Nothing in the home, the project or the state counts: that the sandbox hides these is its purpose.
    """
    if run.adapters is None:
        return {}
    hides = functools.cache(partial(run.adapters.processes.sandbox.hides, tree=tree))
    named = {test: [Path(path) for path in _ABSOLUTE.findall(text)] for test, text in tests.details.items()}
    hidden = {test: [str(path) for path in dict.fromkeys(paths) if hides(path)] for test, paths in named.items()}
    return {test: paths for test, paths in hidden.items() if paths}


def how_to_show(hidden: Mapping[str, Sequence[str]]) -> list[str]:
    """Return for people how to show the first of the hidden files in the sandbox."""
    paths = list(dict.fromkeys(path for each in hidden.values() for path in each))[:MOST_HIDDEN]
    return [
        f"The sandbox hides {path} from the tests. To show it, write into the plan: `sandbox: {{read: [{path}]}}`"
        for path in paths
    ]


def never_started(tests: Tested) -> bool:
    """Return whether the test command could not even start, so that nothing it says is about the code."""
    if tests.failed or tests.passed:
        return False
    says = tests.details.get("", "")
    return bool(_CODES.search(tests.problem or "") or _MODULE.search(says))
