"""remote: what the remote has, and what is brought to it."""

from __future__ import annotations

from ...errors import OutsideError
from .calls import Calls, object_id
from .persons import persons


class Remote:
    """The remote at one literal URL or path, reached with the operator's own credentials."""

    def __init__(self, calls: Calls, url: str) -> None:
        self._git = calls
        self._url = url
        self._links: dict[str, str] = {}

    def heads(self) -> dict[str, str]:
        """Return the remote's branches and their commits."""
        told = self._git.rows("ls-remote", "--heads", "--symref", "--quiet", "--", self._url, env=persons())
        rows = [(said, _branch(name)) for said, _, name in (line.partition("\t") for line in told)]
        self._links = {name: _branch(said[5:]) for said, name in rows if said.startswith("ref: ")}
        return {name: object_id(said, name) for said, name in rows if not said.startswith("ref: ")}

    def lands_on(self, branch: str) -> str:
        """Return the branch that a push to `branch` moves: another one where the remote, when last asked, links it."""
        return self._links.get(branch, branch)

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
        found = self.heads().get(branch)
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


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
