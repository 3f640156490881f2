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

    def heads(self) -> dict[str, str]:
        """Return the remote's branches and their commits."""
        told = self._git.rows("ls-remote", "--heads", "--quiet", "--", self._url, env=persons())
        rows = [line.split("\t", 1) for line in told]
        return {name.removeprefix("refs/heads/"): object_id(sha, name) for sha, name in rows}

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
