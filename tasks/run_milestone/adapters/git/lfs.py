"""Let Git LFS make pointers of files and files of pointers, where the operator's own git does."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ..process.environment import search_path
from .objects import Objects
from .reasons import reason

if TYPE_CHECKING:
    from .cmd import GitCmd
    from .operator_config import OperatorConfig
    from .remote_urls import RemoteUrls

_POINTER = b"version https://git-lfs"
_LARGEST_POINTER = 1024
"""Bytes; a pointer is always smaller."""
_FILTER = (
    ("filter.lfs.clean", "git-lfs clean -- %f"),
    ("filter.lfs.smudge", "git-lfs smudge -- %f"),
    ("filter.lfs.process", "git-lfs filter-process"),
    ("filter.lfs.required", "true"),
    ("lfs.url", "file:///dev/null"),
    ("lfs.skipdownloaderrors", "true"),
)
"""The filter as `git lfs install` sets it up, without a server: a tree could name one (`.lfsconfig`)."""


def lfs_filter(config: OperatorConfig, common: Path) -> tuple[tuple[str, str], ...]:
    """Return the configuration of the filter with the operator's store of files.

    It is empty where the operator has not set Git LFS up, or its program is not there.
    """
    is_set_up = config.value("filter.lfs.process") or config.value("filter.lfs.clean")
    if not is_set_up or shutil.which("git-lfs", path=search_path()) is None:
        return ()
    return (*_FILTER, ("lfs.storage", str(common / (config.value("lfs.storage") or "lfs"))))


class Lfs(Objects):
    """Fetches and pushes what pointers of Git LFS name, by the operator's git in the operator's checkout."""

    _git: GitCmd
    repository: Path
    urls: RemoteUrls

    def fetch_lfs(self, commit: str) -> None:
        """Fetch the files of a commit that are not in the operator's store. Errors: OutsideError."""
        if self._uses_lfs(commit):
            self._lfs("fetch", self.urls.name or _address(self.urls.fetch), commit)

    def push_lfs(self, url: str, sha: str, branch: str) -> None:
        """Push the files of a commit as git's own hook would, before the commit itself. Errors: OutsideError."""
        if self._uses_lfs(sha):
            remote = self.urls.name if url == self.urls.push and self.urls.name else url
            ref = f"refs/heads/{branch}"
            self._lfs("pre-push", _address(remote), _address(url), stdin=f"{ref} {sha} {ref} {'0' * 40}\n")

    def count_by_lfs(self, before: str, after: str) -> int:
        """Return how many files that differ between two commits are kept by Git LFS."""
        paths = self.changed(before, after) if self._uses_lfs(after) else ()
        small = (path for path in paths if self.size(after, path) < _LARGEST_POINTER)
        return sum((self.read(after, path) or b"").startswith(_POINTER) for path in small)

    @functools.lru_cache(maxsize=64)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def _uses_lfs(self, commit: str) -> bool:
        if not self._git.filters:
            return False
        attributes = (path for path in self.listing(commit, ".") if Path(path).name == ".gitattributes")
        return any(b"filter=lfs" in (self.read(commit, path) or b"") for path in attributes)

    def _lfs(self, verb: str, *words: str, stdin: str = "") -> None:
        result = self._git.as_operator("lfs", verb, *words, at=self.repository, stdin=stdin)
        if result.code != 0:
            why = reason(result.err) if result.err.strip() else result.out.strip() or f"exit code {result.code}"
            raise OutsideError(f"`git lfs {verb}` failed: {why}.", "Fix that and run the same command again.")


def _address(remote: str) -> str:
    """Return what Git LFS calls a remote: of folders it takes URLs alone."""
    return f"file://{remote}" if remote.startswith("/") else remote
