"""Finds secrets in single commits, because a push sends every commit and not only what they come to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .diff import changed_files
from .secrets import LARGEST, scan, scan_bytes, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..adapters.git import Git
    from ..model.change import ChangedFile


@dataclass(frozen=True, slots=True)
class Trace:
    """What a commit holds that must not be sent: `what` names it, `key` tells whether two commits hold the same."""

    what: str
    key: tuple[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TaintedCommit:
    """A commit that holds secrets, or something that could not be searched."""

    sha: str
    traces: tuple[Trace, ...]

    @property
    def what(self) -> str:
        """What the commit holds, as a message names it."""
        names = tuple(dict.fromkeys(trace.what for trace in self.traces))
        return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


SHOWN = 5
"""How many secrets of a commit are named."""


def tainted_commits(git: Git, head: str, known: Iterable[str]) -> tuple[TaintedCommit, ...]:
    """Return the commits up to `head` that hold a secret, oldest first, without those that `known` commits hold."""
    commits = (TaintedCommit(sha, _traces_of(git, sha)) for sha in git.new_commits(head, known))
    return tuple(commit for commit in commits if commit.traces)


def removed_secrets(git: Git, base: str, head: str, known: Iterable[str]) -> tuple[TaintedCommit, ...]:
    """Return the commits up to `head` that hold a secret which the change from `base` to `head` does not hold.

    What stands in the change as a whole is a question of the check that looks at it.
    """
    tainted = tainted_commits(git, head, known)
    if not tainted:
        return ()
    standing = {trace.key for trace in traces_between(git, base, head)}
    left = (
        replace(commit, traces=tuple(one for one in commit.traces if one.key not in standing)) for commit in tainted
    )
    return tuple(commit for commit in left if commit.traces)


def traces_between(git: Git, before: str, after: str) -> tuple[Trace, ...]:
    """Return the secrets in what one commit adds to another: its lines, its binary files and the names of files."""
    traces: dict[tuple[str, str], Trace] = {}
    for file in changed_files(git.diff(before, after, "--unified=0")):
        for trace in _in_file(git, after, file):
            traces.setdefault(trace.key, trace)
    return tuple(traces.values())


def _traces_of(git: Git, sha: str) -> tuple[Trace, ...]:
    """Return what a commit itself brings. A merge brings what none of its parents has."""
    parents = git.parents(sha)
    if not parents:
        return (Trace("files that have no earlier commit to be compared with", ("no parent", sha)),)
    first, *others = (traces_between(git, parent, sha) for parent in parents)
    shared = [{trace.key for trace in traces} for traces in others]
    brought = tuple(trace for trace in first if all(trace.key in keys for keys in shared))
    return (*brought, *_in_text(git.commit_text(sha), "its message"))


def _in_file(git: Git, commit: str, file: ChangedFile) -> Iterator[Trace]:
    if file.after:
        yield from _in_text(file.path.encode("utf-8", "replace"), "the name of a file")
    if not (file.binary and file.after):
        yield from _in_text("\n".join(text for _, text in file.added).encode("utf-8", "replace"), file.path)
        return
    size = git.size(commit, file.path)
    content = git.read(commit, file.path) if size <= LARGEST else None
    if (why := unreadable(content, size)) is not None:
        identity = hashlib.sha256(content).hexdigest() if content else str(size)
        yield Trace(f"{file.path}, which {why} and could not be searched", (file.path, identity))
        return
    yield from _in_text(content or b"", file.path)


def _in_text(content: bytes, place: str) -> Iterator[Trace]:
    secrets = scan_bytes(content) if b"\0" in content else scan(content.decode("utf-8", "replace"))
    yield from (Trace(f"{secret.type} in {place}", (secret.type, secret.value)) for secret in secrets)
