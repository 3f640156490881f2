"""remote: what the remote has, and what is brought to it."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import OutsideError
from .cat_file import Names
from .cmd import Calls, named, object_id
from .credentials import persons


class Remote:
    """The remote at one literal URL or path, reached with the operator's own credentials."""

    def __init__(self, calls: Calls, url: str) -> None:
        self._git = calls
        self._url = url
        self._folder = Path(url)
        self._names = Names(calls, self._folder)
        self._links: dict[str, str] = {}

    @property
    def _is_here(self) -> bool:
        """Whether the remote is a bare repository on this machine, whose refs need no second git to serve them."""
        return self._url.startswith("/") and all((self._folder / name).is_dir() for name in ("objects", "refs"))

    def head(self, branch: str) -> str | None:
        """Return the commit of a branch of the remote, None where there is no such branch."""
        name = f"refs/heads/{branch}"
        if self._is_here:
            return self._names.resolve(f"{name}^{{commit}}")
        return _branches(self._git.rows("ls-remote", "--quiet", "--", self._url, name, env=persons())).get(branch)

    def heads(self) -> dict[str, str]:
        """Return the remote's branches and their commits."""
        if self._is_here:
            form = "--format=%(if)%(symref)%(then)ref: %(symref)%09%(refname)%0a%(end)%(objectname)%09%(refname)"
            objects = {"GIT_OBJECT_DIRECTORY": str(self._folder / "objects")}
            rows = self._git.rows("for-each-ref", form, "refs/heads", directory=self._folder, env=objects)
        else:
            rows = self._git.rows("ls-remote", "--heads", "--symref", "--quiet", "--", self._url, env=persons())
        links = [row.removeprefix("ref: ").split("\t") for row in rows if row.startswith("ref: ")]
        self._links = {_branch(name): _branch(target) for target, name in links}
        return _branches([row for row in rows if not row.startswith("ref: ")])

    def lands_on(self, branch: str) -> str:
        """Return the branch that a push to `branch` moves: another one where the remote, when last asked, links it."""
        return self._links.get(branch, branch)

    def close(self) -> None:
        """End what reads a remote on this machine."""
        self._names.close()

    def fetch(self, branch: str) -> None:
        """Bring a remote branch's commits into the object store; no branch moves."""
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        self._git.run(*words, "--", self._url, f"refs/heads/{branch}", env=persons())

    def push(self, sha: str, branch: str, expected: str | None) -> str:
        """Push one commit to one branch that must still be at `expected` (None: not exist); returns it read back."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
        self._git.run(
            "push",
            "--quiet",
            "--no-verify",
            "--no-follow-tags",
            lease,
            "--",
            self._url,
            f"{object_id(sha, 'the push')}:refs/heads/{branch}",
            env=persons(),
        )
        found = self.head(branch)
        if found != sha:
            raise OutsideError(
                f"After the push the remote says that {branch} is at {found}, not at {sha}.",
                "Find out who moved it, then run the same command again.",
            )
        return found

    def push_tag(self, commit: str, tag: str) -> str:
        """Tag a commit on the remote; returns what the remote's tag is on, read back.

        Errors: OutsideError where the tag is on another commit already.
        """
        ref = f"refs/tags/{tag}"
        if (there := self._tagged(ref)) is None:
            words = ("push", "--quiet", "--no-verify", f"--force-with-lease={ref}:", "--", self._url)
            self._git.run(*words, f"{object_id(commit, 'the tag')}:{ref}", env=persons())
            there = self._tagged(ref)
        if there != commit:
            raise OutsideError(
                f"The tag {tag} is on {there} and not on {commit}.", "Choose another tag, or move it by hand."
            )
        return there

    def _tagged(self, ref: str) -> str | None:
        """Return the commit of a tag of the remote; an annotated one has it in its second row, the peeled one."""
        rows = self._git.rows("ls-remote", "--quiet", "--", self._url, ref, f"{ref}^{{}}", env=persons())
        return object_id(rows[-1].split("\t")[0], ref) if rows else None


def _branches(rows: list[str]) -> dict[str, str]:
    """Return branches and their commits from rows of a commit, a tab and a ref."""
    return {_branch(name): sha for name, sha in named(rows, "\t").items()}


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
