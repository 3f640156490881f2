"""Write the workflow for GitHub Actions, and keep what belongs to the team."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ...core.fs import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model import Milestone

_TEMPLATES = Path(__file__).parent / "templates"
MAIN, WAVE = ".github/workflows/run-milestone.yml", ".github/workflows/run-milestone-wave.yml"
LOCK = ".github/run-milestone.lock.txt"
"""The program and all it needs, each in one version and with the hashes of its files."""
SETUP = ".github/actions/run-milestone/action.yml"
OURS = "Written by `run-milestone ci github`"
"""What the first comment says in a file that may be overwritten."""


def workflows(milestones: Sequence[Milestone], *, matrix: bool) -> dict[str, str]:
    """Return the text of each file, by its path in the repository. `milestones` are those that the schedule runs."""
    names = [milestone.id for milestone in milestones]
    event = _template("event.yml").replace("@FIRST@", names[0]).replace("@ALL@", " ".join(names))
    texts = {MAIN: event + _template("call.yml"), WAVE: _wave(matrix=matrix), SETUP: _template("setup.yml")}
    return {path: _with_each(text, passed_on(milestones)) for path, text in texts.items()}


def _wave(*, matrix: bool) -> str:
    """Return the jobs of one wave, which work on all that is ready in one job or on each issue in one of its own."""
    work, result = "${{ join(fromJSON(needs.ready.outputs.work), ',') }}", "result-all"
    if matrix:
        work, result = "${{ matrix.issue }}", "result-${{ matrix.issue }}"
    text = _template("wave.yml").replace("@FORM@\n", _part("many.yml" if matrix else "one.yml"))
    return text.replace("@WORK@", work).replace("@RESULT@", result)


def passed_on(milestones: Sequence[Milestone]) -> list[str]:
    """Return the names of the variables that the plans pass on to agents and reviewers."""
    agents = {name for milestone in milestones for agent in milestone.agents for name in agent.pass_env}
    reviewers = {name for milestone in milestones for reviewer in milestone.reviewers for name in reviewer.pass_env}
    return sorted(agents | reviewers)


def _with_each(text: str, names: list[str]) -> str:
    """Repeat a line of a template that begins with `@EACH@` for every name."""

    def lines(match: re.Match[str]) -> str:
        return "".join(f"{match[1]}{match[2].replace('@NAME@', name)}\n" for name in names)

    return re.sub(r"(?m)^( *)@EACH@ (.*)\n", lines, text)


def _template(name: str) -> str:
    text = _part(name)
    for part in ("checkout", "given", "install"):
        text = text.replace(f"@{part.upper()}@\n", _part(f"{part}.yml"))
    return text.replace("@LOCK@", LOCK)


def _part(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def write(root: Path, texts: dict[str, str]) -> dict[str, str]:
    """Write the files below `root` and return what became of each: made, changed or kept.

    The set-up belongs to the team once it exists.

    Errors: UsageError where a file exists that `ci github` did not write. Then nothing is written.
    """
    present = {name: read_text(root / name) for name in texts}
    for name, text in present.items():
        if text is not None and name not in {SETUP, LOCK} and OURS not in text[:500]:
            raise UsageError(
                f"{name} exists already, and `run-milestone ci github` did not write it.",
                "Move it away or rename it, then run the same command again.",
            )
    return {name: _write(root / name, text, present[name], keep=name == SETUP) for name, text in texts.items()}


def _write(path: Path, text: str, present: str | None, *, keep: bool) -> str:
    if present == text or (present is not None and keep):
        return "kept"
    write_text(path, text)
    return "made" if present is None else "changed"
