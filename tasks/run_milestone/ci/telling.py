"""What `ci github` and `ci check` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..show.words import count
from .workflows import SETUP, WAVE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .problem import Problem
    from .workflows import Written

_SIGN = {"made": "✓", "changed": "✓", "kept": "·"}
NEXT = """\

What is left to do, once:
1. Read {setup}: it installs run-milestone; add what your tests need. It is yours from now on.
2. Protect the target branch, and let somebody own .github/, plans/ and dodo.py (CODEOWNERS): who can change them can
   change what is run.
3. Settings, Actions, General: allow Actions to create pull requests. Pull requests that the job's own token opens start
   no checks; where they should, add the secret RUN_MILESTONE_TOKEN: a token of an app or a person with write access to
   contents, pull requests and issues.
4. Look at it with `run-milestone ci check`, commit it, merge it into the default branch. Then start it:
   gh workflow run run-milestone.yml --field milestone={first}

The schedule goes on with {all} every day; change it in the workflow's `cron`. docs/ci.md says what happens then.
"""
RIGHTS = "\nA last job starts the next wave by itself: it alone may start workflows, and it checks out nothing.\n"


def written(files: Sequence[Written], milestones: Sequence[str]) -> str:
    """Return what became of each file, and what a person has to do now."""
    lines = "".join(f"{_SIGN[file.what]} {file.what} {file.name}\n" for file in files)
    if all(file.what == "kept" for file in files):
        return f"{lines}Nothing changed.\n"
    waves = RIGHTS if WAVE in {file.name for file in files} else ""
    return lines + NEXT.format(setup=SETUP, first=milestones[0], all=" and ".join(milestones)) + waves


def checked(files: Sequence[Path], found: Sequence[Problem]) -> str:
    """Return each problem on a line of its own, then how many there are."""
    lines = "".join(f"{problem}\n" for problem in found)
    looked = count(len(files), "file")
    return f"{lines}✗ {count(len(found), 'problem')} in {looked}\n" if found else f"✓ nothing unsafe in {looked}\n"
