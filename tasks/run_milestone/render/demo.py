"""Say what happens in the short demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

APPROVAL = "The file is fine: a person approves it, as shown."
CHANGE = "After that one line changes on the branch: 10 percent become 90."
REFUSAL = "The approval was of another change. It is not taken, and the run asks again."


def begins(folder: Path) -> str:
    """Return what the demo is about."""
    return (
        f"A repository with one issue in {folder}.\n"
        "A recorded change stands in for an agent: it also adds a file that the issue does not name.\n"
    )


def typed(command: str, about: str = "") -> str:
    """Return a command as a person types it, and before it what it is about."""
    return "\n".join(["", *([f"# {about}"] if about else []), f"$ {command}", ""])


def ended(folder: str) -> str:
    """Return the next commands."""
    return (
        f"\nNothing landed. In {folder}, look at what is asked now, and answer it:\n"
        "  run-milestone diff m1 01\n"
        "  run-milestone decide m1 01 approve && run-milestone m1\n"
    )
