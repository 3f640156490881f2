"""Read what decides over a milestone from its target branch, where its own changes have no say before they land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..policy import codeowners
from ..policy.signatures import SIGNERS

if TYPE_CHECKING:
    from ..adapters.git import Git
    from ..policy.codeowners import CodeOwners
    from .run_context import RunContext


def policy_commit(run: RunContext) -> str:
    """Return the target branch's commit: the remote's, or that of the local branch where it goes on from there."""
    git, name = run.git, run.milestone.target
    local, remote = git.head(name), _on_remote(run, name)
    if remote is None or remote == local:
        return local or ""
    if not git.has(remote):
        git.fetch(name)
    return local if local and git.is_ancestor(remote, local) else remote


def _on_remote(run: RunContext, name: str) -> str | None:
    """Return the commit of the remote's branch; a run that has not asked yet asks, because its own may be stale."""
    if run.remote is not None:
        return run.remote.heads.get(name)
    return run.git.remote_heads().get(name) if run.adapters is not None else None


def signers_at(git: Git, commit: str) -> bytes | None:
    """Return whose signatures count at a commit, as ssh-keygen reads it; None where it does not say."""
    return next((text for path in SIGNERS if (text := git.read(commit, path)) is not None), None)


def code_owners(run: RunContext, commit: str) -> CodeOwners:
    """Return the code owners at a commit; nobody owns anything where it has no CODEOWNERS, or one that is too large."""
    for path in codeowners.PLACES:
        if run.git.size(commit, path) > codeowners.LARGEST:
            return codeowners.CodeOwners(path, "", ("it is larger than 3 MiB, so that nobody owns anything",))
        if (content := run.git.read(commit, path)) is not None:
            return codeowners.parse(path, content.decode("utf-8-sig", "replace"))
    return codeowners.CodeOwners("CODEOWNERS", "", (f"{run.milestone.target} has none, so that nobody owns anything",))
