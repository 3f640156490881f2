"""Read and swap the refs through which machines share state on the remote. None is ever overwritten."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import DamagedStateError, OutsideError
from .cmd import named, object_id
from .reasons import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..process import Result
    from .cmd import GitCmd

Swap = tuple[str | None, str | None]
"""The object a ref must be at, and the one it gets. None is no ref."""

_IMPORTED = "refs/shared/imported"
"""The ref that fast-import asks for. None is written: of two at once one would be refused."""
_AT_ONCE = 512 * 1024
"""Bytes of blobs that one call reads. The output of git is bounded."""


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """The remote's branches, and the milestone's shared refs by the end of their name (`state`)."""

    heads: dict[str, str]
    refs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a commit's tree. `kind` is blob or commit, `size` in bytes."""

    mode: str
    kind: str
    sha: str
    size: int


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A commit: who made it and when (ISO 8601), its subject, and the rest of its message."""

    who: str
    when: str
    subject: str
    body: str


class StateRefs:
    """The refs below `refs/run-milestone/<milestone>/` of the remote at `url`."""

    def __init__(self, git: GitCmd, url: str, milestone: str, identity: tuple[str, str]) -> None:
        self._git = git
        self._url = url
        self._place = f"refs/run-milestone/{milestone}/"
        self._identity = identity

    def look(self) -> RemoteRefs:
        """Ask the remote once.

        Errors: OutsideError with git's message where the remote cannot be reached.
        """
        words = ("ls-remote", "--quiet", "--", self._url, "refs/heads/*", f"{self._place}*")
        result = self._git.call(*words, at=self._git.common)
        if result.code != 0 or result.truncated:
            raise OutsideError(
                f"The remote {self._url} cannot be asked: {_why(result)}.",
                "Fix that and run the same command again.",
            )
        refs = named(result.out.splitlines(), "\t")
        return RemoteRefs(_below("refs/heads/", refs), _below(self._place, refs))

    def fetch(self, branches: Iterable[str], refs: Iterable[str]) -> None:
        """Fetch the commits of branches and shared refs. No ref here moves."""
        names = [*(f"refs/heads/{name}" for name in branches), *(f"{self._place}{name}" for name in refs)]
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc")
        if names:
            self._git.run(*words, "--", self._url, *names, at=self._git.common)

    def swap(self, swaps: Mapping[str, Swap]) -> str | None:
        """Move shared refs atomically, each from what it must be at. Returns why the remote refused, None once done.

        A swap of equal objects only compares.
        """
        leases = [f"--force-with-lease={self._place}{name}:{old or ''}" for name, (old, _) in swaps.items()]
        moves = [f"{new or ''}:{self._place}{name}" for name, (_, new) in swaps.items()]
        words = ("push", "--quiet", "--porcelain", "--atomic", "--no-verify", "--no-follow-tags")
        result = self._git.call(*words, *leases, "--", self._url, *moves, at=self._git.common)
        return None if result.code == 0 else _reason(result)

    def commit(self, files: Mapping[str, bytes], parent: str | None, message: str) -> str:
        """Make a commit that holds exactly these files, on top of `parent`. Paths need no quoting."""
        stream = b"".join(self._stream(files, parent, message))
        words = ("fast-import", "--quiet", "--force", "--cat-blob-fd=1")
        return object_id(self._git.run(*words, stdin=stream), "the shared commit")

    def _stream(self, files: Mapping[str, bytes], parent: str | None, message: str) -> Iterator[bytes]:
        name, email = (word.translate({ord(sign): None for sign in "<>\n\0"}) for word in self._identity)
        yield f"reset {_IMPORTED}\n\ncommit {_IMPORTED}\nmark :1\n".encode()
        yield f"committer {name} <{email}> {int(time.time())} +0000\n".encode()
        yield _data(message.encode())
        yield (f"from {parent}\n" if parent else "").encode() + b"deleteall\n"
        for path, content in files.items():
            yield f"M 100644 inline {path}\n".encode() + _data(content)
        yield f"get-mark :1\nreset {_IMPORTED}\n\ndone\n".encode()

    def holds(self, commit: str) -> bool:
        """Return whether a commit is in the object store."""
        return self._git.call("cat-file", "-e", f"{commit}^{{commit}}").code == 0

    def listing(self, commit: str) -> dict[str, Entry]:
        """Return every entry of a commit's tree by its path."""
        rows = self._git.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split("\0")
        return dict(_entry(row) for row in rows if row)

    def contents(self, entries: Mapping[str, Entry]) -> dict[str, bytes]:
        """Return what blobs hold, by path.

        Errors: DamagedStateError where one is incomplete, or is no UTF-8 text.
        """
        contents: dict[str, bytes] = {}
        for group in _groups(entries):
            wanted = "".join(f"{entry.sha}\n" for entry in group.values())
            output = self._git.run("cat-file", "--batch", stdin=wanted).encode()
            for path, entry in group.items():
                start = output.index(b"\n") + 1
                contents[path], output = output[start : start + entry.size], output[start + entry.size + 1 :]
                if blob_id(contents[path]) != entry.sha:
                    raise DamagedStateError(f"{path} of the shared state is incomplete.", _LOOK)
        return contents

    def info(self, commit: str) -> CommitInfo:
        """Return who made a commit, when, and its message."""
        form = "--format=%an <%ae>%x00%cI%x00%s%x00%b"
        return CommitInfo(*self._git.run("log", "-1", form, commit).rstrip("\n").split("\0"))


_LOOK = "Look at it with `run-milestone state show`; nothing was changed."


def blob_id(content: bytes) -> str:
    """Return the id that git gives a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _below(place: str, refs: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(place): sha for name, sha in refs.items() if name.startswith(place)}


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _entry(row: str) -> tuple[str, Entry]:
    facts, _, path = row.partition("\t")
    mode, kind, sha, size = facts.split()
    return path, Entry(mode, kind, sha, int(size) if size.isdigit() else 0)


def _groups(entries: Mapping[str, Entry]) -> Iterator[dict[str, Entry]]:
    """Yield the blobs in groups that one call can read."""
    group: dict[str, Entry] = {}
    for path, entry in entries.items():
        if group and sum(one.size + 100 for one in group.values()) + entry.size > _AT_ONCE:
            yield group
            group = {}
        group[path] = entry
    if group:
        yield group


def _why(result: Result) -> str:
    """Return why git could not ask the remote."""
    if result.truncated:
        return "it lists too many refs"
    return reason(result.err) if result.err.strip() else f"git ended with {result.code}"


def _reason(result: Result) -> str:
    """Return git's message for a failure, the remote's first."""
    lines = [line.strip() for line in (result.err + result.out).splitlines() if line.strip()]
    reasons = [line for sign in ("remote: ", "!", "error: ", "fatal: ") for line in lines if line.startswith(sign)]
    return " ".join((reasons or lines or [f"git ended with {result.code}"])[0].split()).rstrip(".")
