"""The sample product: a repository, its remote and its forge, made from what a plan carries."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.process.command_line import argument_list
from ..core.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from ..adapters.process import Processes
    from ..model import Milestone
    from ..plan.project import Project

SEALED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_COMMITTER_NAME": "run-milestone",
    "GIT_COMMITTER_EMAIL": "run-milestone@localhost",
}


def ensure_repository(project: Project, milestone: Milestone, processes: Processes) -> bool:
    """Make the plan's sample repository where the plan brings one and it is not there yet; returns whether it did.

    Errors: UsageError where the repository is missing and the plan brings no sample.
    """
    place = project.repository(milestone)
    if place.exists():
        return False
    if milestone.repository.sample is None:
        raise UsageError(
            f"The repository {place} does not exist.",
            f"Clone it there, or correct `repository: {{path: …}}` in {project.shown_plan(milestone.id)}.",
        )
    _refuse_url(project, milestone)
    _make(project, milestone, processes, place)
    return True


def _refuse_url(project: Project, milestone: Milestone) -> None:
    """Refuse a sample whose remote is not a folder: it is made here, and nowhere else."""
    if ":" in (remote := milestone.repository.remote or ""):
        plan = project.shown_plan(milestone.id)
        raise UsageError(
            f"A repository made from a sample cannot have the remote {remote}.",
            f"Give it a path in {plan}, or make the repository first and leave `sample` out.",
        )


def _make(project: Project, milestone: Milestone, processes: Processes, place: Path) -> None:
    """Build beside and rename last, so that a crash leaves no half-made repository behind."""
    sample = project.plan(milestone.id) / str(milestone.repository.sample)
    beside = place.with_name(f".{place.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    _git(processes, project.root, "init", "--quiet", f"--initial-branch={milestone.target}", "--template=", str(beside))
    patches = sorted(str(path) for path in (sample / "history").glob("*.patch"))
    _git(processes, beside, "am", "--quiet", "--committer-date-is-author-date", "--no-gpg-sign", *patches)
    for command in milestone.repository.prepare if processes.commands else ():  # what they prepare is for commands
        _check(processes.untrusted(argument_list(command), cwd=beside, timeout=milestone.commands.timeout))
    if milestone.repository.remote:
        _make_remote(processes, beside, project.root / milestone.repository.remote, milestone.target)
        _seed_forge(sample / "forge", project.root / milestone.repository.remote)
    beside.rename(place)


def _make_remote(processes: Processes, repository: Path, remote: Path, branch: str) -> None:
    remote.parent.mkdir(parents=True, exist_ok=True)
    make_bare(processes, remote, branch)
    _git(processes, repository, "push", "--quiet", str(remote), f"{branch}:{branch}")
    _git(processes, repository, "remote", "add", "origin", str(remote))


def make_bare(processes: Processes, remote: Path, branch: str) -> None:
    """Make an empty bare repository, built beside and renamed; one that is there stays as it is.

    So does one that another run makes at this moment: `git init` on it would fight over its configuration.
    """
    if (remote / "HEAD").exists():
        return
    remote.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{remote.name}.", dir=remote.parent) as folder:
        beside = Path(folder) / remote.name
        _git(processes, remote.parent, "init", "-q", "--bare", "--template=", f"--initial-branch={branch}", str(beside))
        try:
            beside.rename(remote)
        except OSError as error:
            if not (remote / "HEAD").exists():
                raise OutsideError(
                    f"{remote} cannot be made: {error.strerror}.", "Remove the obstacle and run again."
                ) from None


def _seed_forge(seed: Path, remote: Path) -> None:
    place = remote.with_suffix(".forge")
    if seed.is_dir() and not place.exists():
        shutil.copytree(seed, place)


def _git(processes: Processes, folder: Path, *words: str) -> None:
    _check(processes.trusted(("git", "-c", "core.hooksPath=/dev/null", *words), cwd=folder, env=SEALED))


def _check(result: object) -> None:
    code, argv = getattr(result, "code", None), getattr(result, "argv", ())
    if code != 0:
        output = (getattr(result, "err", "") or getattr(result, "out", "")).strip().splitlines()
        command, why = " ".join(map(str, argv))[:120], output[-1] if output else code
        raise OutsideError(
            f"Making the sample repository failed: `{command}`: {why}.",
            "Correct that and run the same command again.",
        )
