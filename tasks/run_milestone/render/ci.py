"""Say what `ci github` wrote and what `ci check` found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model import Milestone

_SIGNS = {"made": "✓", "changed": "✓", "kept": "·"}
NEXT = """\

Next, once:
1. Read {setup}: it installs run-milestone; add what your tests need. It is yours from now on.
2. Protect the target branch, and give .github/, plans/ and dodo.py an owner (CODEOWNERS): a person who can change them
   can change what is run.
3. Settings, Actions, General: allow Actions to create pull requests. Pull requests that the job's own token opens start
   no checks; where they should, add the secret RUN_MILESTONE_TOKEN: a token of an app or a person with write access to
   contents, pull requests and issues.
4. Check it with `run-milestone ci check`, commit it, merge it into the default branch. Then start it:
   gh workflow run run-milestone.yml --field milestone={first}

From then on the schedule runs {all} every day; change it in the workflow's `cron`. See the guide "GitHub Actions".
"""
PASSED = """
Under Settings, Secrets and variables, Actions, add what the plans pass on to agents: {names}.
"""
WAVES = """
Agents and tests run in jobs without a token. The jobs that push start no command of a plan or a tree, and take nothing
from the others but records of the work they gave out. The last job starts the next wave; it checks out no code.
"""
LOCAL = """\
⚠️ The plan of {id} keeps pull requests in files on the machine that runs it, and a job's machine is deleted afterwards.
   Write `forge: github` in plans/{id}/plan.yaml.
"""


def workflows_written(
    files: Mapping[str, str], milestones: Sequence[Milestone], *, setup: str, variables: Sequence[str]
) -> str:
    """Return what became of each file (made, changed or kept), what does not fit in the plans, and what to do next."""
    lines = "".join(f"{_SIGNS[what]} {what} {name}\n" for name, what in files.items())
    lines += "".join(LOCAL.format(id=milestone.id) for milestone in milestones if _is_lost_with_the_job(milestone))
    if set(files.values()) == {"kept"}:
        return f"{lines}Nothing changed.\n"
    names = [milestone.id for milestone in milestones]
    following = NEXT.format(setup=setup, first=names[0], all=" and ".join(names))
    passed = PASSED.format(names=", ".join(variables)) if variables else ""
    return f"{lines}{following}{passed}{WAVES}"


def _is_lost_with_the_job(milestone: Milestone) -> bool:
    """Return whether the pull requests are files on the machine of the run, and no shared folder holds them."""
    return milestone.forge == "local" and not (milestone.repository.remote or "").startswith("/")


def workflows_checked(problems: Sequence[object], files: int) -> str:
    """Return each problem on its own line, then how many there are."""
    lines = "".join(f"{problem}\n" for problem in problems)
    checked = count(files, "file")
    return f"{lines}✗ {count(len(problems), 'problem')} in {checked}\n" if problems else f"✓ no problem in {checked}\n"
