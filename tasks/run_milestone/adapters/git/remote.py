"""Read the branches of the remote, fetch them, and push to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from .cmd import named, object_id
from .lfs import Lfs

if TYPE_CHECKING:
    from pathlib import Path

    from .cat_file import CatFile
    from .cmd import GitCmd


class Remote(Lfs):
    """The remote at one literal URL or path, reached with the operator's own credentials."""

    _git: GitCmd
    _remote: CatFile
    """Reads in a remote on this machine."""
    _links: dict[str, str]
    url: str
    mirrors: tuple[str, ...]
    """Other URLs that the operator's git pushes to as well."""
    repository: Path
    local_remote: Path | None

    @property
    def _bare(self) -> Path | None:
        """The bare repository that the remote is on this machine. Its refs need no second git to serve them."""
        folder = self.local_remote
        return folder if folder and all((folder / name).is_dir() for name in ("objects", "refs")) else None

    def remote_head(self, branch: str) -> str | None:
        """Return the commit of a branch of the remote, None where there is no such branch."""
        if self._bare:
            return self._remote.resolve(f"refs/heads/{branch}^{{commit}}")
        return self._at(self.url, branch)

    def remote_heads(self) -> dict[str, str]:
        """Return the remote's branches and their commits."""
        if (folder := self._bare) is not None:
            form = "--format=%(if)%(symref)%(then)ref: %(symref)%09%(refname)%0a%(end)%(objectname)%09%(refname)"
            objects = {"GIT_OBJECT_DIRECTORY": str(folder / "objects")}
            rows = self._git.rows("for-each-ref", form, "refs/heads", directory=folder, env=objects)
        else:
            rows = self._git.rows("ls-remote", "--heads", "--symref", "--quiet", "--", self.url, at=self.repository)
        links = [row.removeprefix("ref: ").split("\t") for row in rows if row.startswith("ref: ")]
        self._links = {_branch(name): _branch(target) for target, name in links}
        return _branches([row for row in rows if not row.startswith("ref: ")])

    def lands_on(self, branch: str) -> str:
        """Return the branch that a push to `branch` moves: another one if it is a symbolic ref on the remote."""
        return self._links.get(branch, branch)

    def fetch(self, branch: str) -> None:
        """Fetch the commits of a remote branch. No branch moves."""
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        self._git.run(*words, "--", self.url, f"refs/heads/{branch}", at=self.repository)

    def push(self, sha: str, branch: str, expected: str | None) -> str:
        """Push one commit to one branch that must still be at `expected` (None: not exist). Returns it read back."""
        for mirror in self.mirrors:
            if self._at(mirror, branch) != sha:
                self._push(mirror, sha, branch, expected)
        self._push(self.url, sha, branch, expected)
        pushed = self.remote_head(branch)
        if pushed != sha:
            raise OutsideError(
                f"After the push the remote says that {branch} is at {pushed}, not at {sha}.",
                "Find out who moved it, then run the same command again.",
            )
        return pushed

    def delete_remote(self, branch: str, expected: str) -> None:
        """Delete a branch of the remote that must still be at `expected`, where it is still there."""
        for url in (*self.mirrors, self.url):
            if self._at(url, branch) is None:
                continue
            lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
            words = ("push", "--quiet", "--no-verify", lease, "--", url, f":refs/heads/{branch}")
            self._git.run(*words, at=self.repository)

    def _at(self, url: str, branch: str) -> str | None:
        """Return the commit of a branch as git reads it there, None where there is no such branch."""
        rows = self._git.rows("ls-remote", "--quiet", "--", url, f"refs/heads/{branch}", at=self.repository)
        return _branches(rows).get(branch)

    def _push(self, url: str, sha: str, branch: str, expected: str | None) -> None:
        self.push_lfs(url, sha, branch)
        lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
        words = ("push", "--quiet", "--no-verify", "--no-follow-tags", lease, "--", url)
        self._git.run(*words, f"{object_id(sha, 'the push')}:refs/heads/{branch}", at=self.repository)


def _branches(rows: list[str]) -> dict[str, str]:
    """Return branches and their commits from rows of a commit, a tab and a ref."""
    return {_branch(name): sha for name, sha in named(rows, "\t").items()}


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
