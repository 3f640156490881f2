"""Read what the remote and the forge allow before any work. What cannot be read is said, and holds nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..core.errors import OutsideError, UsageError
from ..policy.preflight import Seen, preflight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..adapters.forge import Forge
    from ..adapters.git import Git
    from ..model import Finding, Milestone


T = TypeVar("T")


def look_ahead(milestone: Milestone, git: Git, forge: Forge, branches: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what will be refused later, and what a person should know. `branches` are those of the issues.

    Rules are asked for one branch of each prefix (`feat/`), because rules go by prefixes and a milestone is long.
    """
    unread: list[str] = []
    asked = {name.partition("/")[0]: name for name in reversed(tuple(branches.values()))}
    names = dict.fromkeys((milestone.branch, milestone.target, *asked.values()))
    rules = _read(lambda: forge.branch_rules(*names), "the rules of the branches", unread) or {}
    seen = Seen(
        branches,
        _read(git.heads, "the local branches", unread) or {},
        _read(lambda: _remote_heads(git), "the branches of the remote", unread),
        _read(forge.rights, "what the forge allows in the repository", unread),
        {
            **rules,
            **{name: rules[one] for name in branches.values() if (one := asked[name.partition("/")[0]]) in rules},
        },
        git.signs,
        tuple(unread),
    )
    return preflight(milestone, seen)


def _remote_heads(git: Git) -> Mapping[str, str]:
    """Return the branches of the remote, none where it is a bare repository that the first run makes."""
    return {} if git.local_remote is not None and not git.local_remote.exists() else git.remote_heads()


def _read(ask: Callable[[], T], what: str, unread: list[str]) -> T | None:
    """Return an answer, None where there is none; then `unread` says why."""
    try:
        return ask()
    except (OutsideError, UsageError) as error:
        unread.append(f"{what}. {error.what}".rstrip("."))
        return None
