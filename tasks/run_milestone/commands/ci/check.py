"""`ci check`: what a linter of workflows says of them, and what is unsafe for run-milestone in particular."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import OutsideError, UsageError
from ...core.fs import read_text
from .finding import Problem
from .rules import broken_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...adapters.process import Processes

SECONDS = 60.0
ADVICE = {
    "artipacked": "Give the checkout `persist-credentials: false`",
    "dangerous-triggers": "Let it be started by events that strangers cannot cause, or run nothing of theirs",
    "excessive-permissions": "Begin with `permissions: {}` and give each job what it needs",
    "secrets-inherit": "Name the secrets that the called workflow needs",
    "template-injection": "Put the value into `env` and use it as a variable of the shell",
    "unpinned-uses": "Name the action by the full SHA of a commit",
}
"""What to do about the linter's commonest findings; for the others it has a page each."""


def workflow_files(root: Path) -> list[Path]:
    """Return the workflows and the actions of a repository.

    Errors: UsageError where there is none.
    """
    places = (".github/workflows/*.y*ml", ".github/actions/**/action.y*ml")
    found = sorted(path for place in places for path in root.glob(place))
    if not found:
        raise UsageError(
            f"There is no workflow in {root / '.github/workflows'}.", "Write one with `run-milestone ci github`."
        )
    return found


def problems(files: list[Path], processes: Processes) -> list[Problem]:
    """Return what is unsafe in these files, in their order.

    Errors: UsageError for a file that cannot be read as a workflow, or where the linter is not installed.
    """
    found: list[Problem] = []
    for file in files:
        text = read_text(file)
        if text is None:
            raise UsageError(f"{file} does not exist.", "Name a workflow, or none to check all of them.")
        found += broken_rules(str(file), text)
    return sorted([*found, *_linted(files, processes)])


def _linted(files: list[Path], processes: Processes) -> Iterator[Problem]:
    words = ("--offline", "--quiet", "--no-progress", "--strict-collection", "--format", "json")
    argv = (_zizmor(), *words, "--", *map(str, files))
    result = processes.untrusted(argv, cwd=Path.cwd(), timeout=SECONDS)
    try:
        said = json.loads(result.out)
        yield from (_problem(entry) for entry in said if not entry["ignored"])
    except (ValueError, LookupError, TypeError):
        why = (result.err or result.out).strip().splitlines()
        raise OutsideError(
            f"zizmor could not look at them ({result.code}): {why[-1].strip()[:200] if why else 'it said nothing'}.",
            "Mend that and run the same command again.",
        ) from None


def _zizmor() -> str:
    where = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which("zizmor", path=where)
    if found is None:
        raise UsageError(
            "The linter zizmor is not installed, so nothing was checked.",
            "Install it with `pip install 'run-milestone[ci]'`.",
        )
    return found


def _problem(entry: dict[str, Any]) -> Problem:
    place = next(place for place in entry["locations"] if place["symbolic"]["kind"] == "Primary")
    file = place["symbolic"]["key"]["Local"]["verbatim_path"]
    start, rule = place["concrete"]["location"]["start_point"], str(entry["ident"])
    what = f"{entry['desc']}: {place['symbolic']['annotation']}"
    do = ADVICE.get(rule, f"See {entry['url']}")
    return Problem(file, start["row"] + 1, start["column"] + 1, rule, what, do)
