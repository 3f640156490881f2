"""What `ci github` and `ci check` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.units import count
from .workflows import SETUP, WAVE, passed_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...model import Milestone
    from .finding import Problem
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

The schedule runs {all} every day from then on; change it in the workflow's `cron`. docs/ci.md says what happens.
"""
RIGHTS = "\nA last job starts the next wave by itself: it alone may start workflows, and it checks out nothing.\n"


PASSED = """
Under Settings, Secrets and variables, Actions, add what the plans pass on to agents: {names}.
"""

LOCAL = """\
⚠️ The plan of {id} keeps pull requests in files of the machine that runs it, and a job's machine is gone with the job.
   Say `forge: github` in plans/{id}/plan.yaml.
"""


def written(files: Sequence[Written], milestones: Sequence[Milestone]) -> str:
    """Return what became of each file, what in the plans does not fit, and what a person has to do now."""
    names = [milestone.id for milestone in milestones]
    lines = "".join(f"{_SIGN[file.what]} {file.what} {file.name}\n" for file in files)
    lines += "".join(LOCAL.format(id=milestone.id) for milestone in milestones if _stays_behind(milestone))
    if all(file.what == "kept" for file in files):
        return f"{lines}Nothing changed.\n"
    waves = RIGHTS if WAVE in {file.name for file in files} else ""
    passed = passed_on(milestones)
    keys = PASSED.format(names=", ".join(passed)) if passed else ""
    return lines + NEXT.format(setup=SETUP, first=names[0], all=" and ".join(names)) + keys + waves


def _stays_behind(milestone: Milestone) -> bool:
    """Return whether the pull requests lie on the machine of the run: on the local forge, beside no shared folder."""
    return milestone.forge == "local" and not (milestone.repository.remote or "").startswith("/")


def checked(files: Sequence[Path], found: Sequence[Problem]) -> str:
    """Return each problem on a line of its own, then how many there are."""
    lines = "".join(f"{problem}\n" for problem in found)
    looked = count(len(files), "file")
    return f"{lines}✗ {count(len(found), 'problem')} in {looked}\n" if found else f"✓ nothing unsafe in {looked}\n"
