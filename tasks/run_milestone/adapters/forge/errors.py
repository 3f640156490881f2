"""The refusals that all forges share."""

from __future__ import annotations

from ...core.errors import OutsideError


def refuse_same(head: str, base: str) -> None:
    """Refuse a pull request of a branch into itself."""
    if head == base:
        raise OutsideError(
            f"A pull request from {head} into itself is refused.", "Give the plan another branch than its target."
        )


def unmerged(number: int, why: str) -> OutsideError:
    """Return the error for a pull request that cannot be merged."""
    return OutsideError(f"Pull request {number} cannot be merged: {why}.", "Fix that and run the same command again.")
