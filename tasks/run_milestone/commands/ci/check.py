"""Check workflows with zizmor and with the rules of run-milestone."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import OutsideError, UsageError
from ...core.fs import read_text
from .rules import Problem, broken_lock, broken_rules
from .workflows import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...adapters.process import Processes

SECONDS = 60.0
ADVICE = {
    "artipacked": "Give the checkout `persist-credentials: false`",
    "dangerous-triggers": "Use events that only people of the project can cause, or run no code of others",
    "excessive-permissions": "Begin with `permissions: {}` and give each job what it needs",
    "secrets-inherit": "Name the secrets that the called workflow needs",
    "template-injection": "Put the value into `env` and use it as a variable of the shell",
    "unpinned-uses": "Name the action by the full SHA of a commit",
}
"""What to do about common findings of zizmor. Its documentation has a page about each of the others."""


def workflow_files(root: Path) -> list[Path]:
    """Return the workflows and the actions of a repository, and the lock of what they install.

    Errors: UsageError where there is none.
    """
    places = (".github/workflows/*.y*ml", ".github/actions/**/action.y*ml")
    files = sorted(path for place in places for path in root.glob(place))
    if not files:
        raise UsageError(
            f"There is no workflow in {root / '.github/workflows'}.", "Write one with `run-milestone ci github`."
        )
    return [*files, *filter(Path.exists, (root / LOCK,))]


def problems(files: list[Path], processes: Processes) -> list[Problem]:
    """Return the problems in these files, sorted by place.

    Errors: UsageError for a file that cannot be read as a workflow, or where the linter is not installed.
    """
    broken: list[Problem] = []
    for file in files:
        text = read_text(file)
        if text is None:
            raise UsageError(f"{file} does not exist.", "Name a workflow, or none to check all of them.")
        broken += broken_rules(str(file), text) if file.suffix != ".txt" else broken_lock(str(file), text)
    return sorted([*broken, *_linted([file for file in files if file.suffix != ".txt"], processes)])


def _linted(files: list[Path], processes: Processes) -> Iterator[Problem]:
    words = ("--offline", "--quiet", "--no-progress", "--strict-collection", "--format", "json")
    argv = (_zizmor(), *words, "--", *map(str, files))
    result = processes.untrusted(argv, cwd=Path.cwd(), timeout=SECONDS)
    try:
        findings = json.loads(result.out)
        yield from (_problem(finding) for finding in findings if not finding["ignored"])
    except (ValueError, LookupError, TypeError):
        why = (result.err or result.out).strip().splitlines()
        raise OutsideError(
            f"zizmor could not check the files ({result.code}): {why[-1].strip()[:200] if why else 'no message'}.",
            "Correct that and run `run-milestone ci check` again.",
        ) from None


def _zizmor() -> str:
    from ...adapters.process import search_path

    where = f"{Path(sys.executable).parent}{os.pathsep}{search_path()}"
    program = shutil.which("zizmor", path=where)
    if program is None:
        raise UsageError(
            "The linter zizmor is not installed, so nothing was checked.",
            "Install it with `pip install 'run-milestone[ci]'`.",
        )
    return program


def _problem(finding: dict[str, Any]) -> Problem:
    place = next(place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary")
    file = place["symbolic"]["key"]["Local"]["verbatim_path"]
    start, rule = place["concrete"]["location"]["start_point"], str(finding["ident"])
    what = f"{finding['desc']}: {place['symbolic']['annotation']}"
    do = ADVICE.get(rule, f"See {finding['url']}")
    return Problem(file, start["row"] + 1, start["column"] + 1, rule, what, do)
