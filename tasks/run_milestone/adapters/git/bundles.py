"""Carry refs in bundle files between jobs of one run, of which only some may reach the remote."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from .operator_config import own_git
from .state_refs import StateRefs

if TYPE_CHECKING:
    from pathlib import Path

    from ..process import Processes
    from .cmd import GitCmd

_GIVEN = "refs/given/"
"""Where the remote's refs are kept while they are written into a bundle."""
_SIGNATURES = (b"# v2 git bundle\n", b"# v3 git bundle\n")
_QUIET = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")


class Bundles:
    """What the remote has, as a file, and files that jobs hand back."""

    _git: GitCmd
    _identity: tuple[str, str]
    url: str

    def write_remote(self, file: Path, milestone: str) -> None:
        """Write the remote's branches, and what machines share of one milestone, into a bundle; not who runs it."""
        shared = f"run-milestone/{milestone}/*"
        wanted = [f"+refs/{names}:{_GIVEN}{names}" for names in ("heads/*", shared)]
        self._git.run("fetch", *_QUIET, "--no-auto-gc", "--prune", "--", self.url, *wanted, at=self._git.common)
        rows = self._git.rows("for-each-ref", "--format=%(refname)", _GIVEN)
        names = [name for name in rows if name != f"{_GIVEN}run-milestone/{milestone}/lock"]
        self._git.run("bundle", "create", "--quiet", str(file), "--stdin", stdin="".join(f"{one}\n" for one in names))

    def bundle_refs(self, file: Path, milestone: str) -> StateRefs:
        """Return the refs of one milestone in a bundle that a job handed back."""
        return StateRefs(self._git, str(file), milestone, self._identity)


def is_bundle(file: Path) -> bool:
    """Return whether a file is a bundle. git would take a folder or a link for a repository, with its settings."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(handle).st_mode) and os.read(handle, len(_SIGNATURES[0])) in _SIGNATURES
    finally:
        os.close(handle)


def write_head(processes: Processes, repository: Path, file: Path) -> None:
    """Write the commit that is checked out, with its history, into a bundle."""
    _run(processes, repository, "bundle", "create", "--quiet", str(file), "HEAD")


def make_mirror(processes: Processes, bundle: Path, place: Path) -> None:
    """Make a bare repository with the refs that a bundle holds of a remote."""
    _run(processes, bundle.parent, "init", "--quiet", "--bare", "--template=", str(place))
    _run(processes, place, "fetch", *_QUIET, "--", str(bundle), f"+{_GIVEN}*:refs/*")


def write_result(processes: Processes, mirror: Path, file: Path, milestone: str, target: str) -> None:
    """Write the shared refs of a milestone into a bundle, without the history that the `target` branch has."""
    known = _run(processes, mirror, "for-each-ref", "--format=^%(objectname)", f"refs/heads/{target}")
    names = _run(processes, mirror, "for-each-ref", "--format=%(refname)", f"refs/run-milestone/{milestone}/")
    _run(processes, mirror, "bundle", "create", "--quiet", str(file), "--stdin", stdin=names + known)


def _run(processes: Processes, folder: Path, *words: str, stdin: str = "") -> str:
    environment = {**own_git(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ("git", "-c", "core.hooksPath=/dev/null", *words)
    result = processes.trusted(command, cwd=folder, env=environment, stdin=stdin)
    if result.code != 0:
        why = (result.err.strip() or result.out.strip() or f"git ended with {result.code}").splitlines()[-1]
        raise OutsideError(f"git {words[0]} failed: {why}.", "Look at the job before this one, then start again.")
    return result.out
