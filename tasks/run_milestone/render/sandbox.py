"""Say in which box agents, tests and tools run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTES = {
    "container": "🔒 Sandbox: containers. A command takes about a second more in one.",
    "landlock": "🔒 Sandbox: Landlock, the weaker kind. Install bubblewrap for the stronger one (`doctor` tells more).",
    "none": "⚠️ No sandbox: agents, tests and tools run as you, and may read and change whatever you may.",
}


_BOXES = {
    "landlock": "Agent and tests ran in the weaker sandbox, Landlock.",
    "none": "⚠️ Agent and tests ran without a sandbox.",
}


def ran_in(*kinds: str) -> str:
    """Return in which box the work of a pull request was done; nothing about the strongest."""
    return next((text for kind, text in reversed(_BOXES.items()) if kind in kinds), "")


def sandbox_note(kind: str, absent: Iterable[str] = ()) -> list[str]:
    """Return what to say about a sandbox when a run starts: which kind but the strongest, and what it cannot show."""
    lines = [*([_NOTES[kind]] if kind in _NOTES else []), *(f"⚠️ {not_shown(path)}" for path in absent)]
    return ["", *lines] if lines else []


def not_shown(path: str) -> str:
    """Return that the plan names what is not there."""
    return f"`sandbox.read` names {path}, which does not exist: no command sees it. Correct it, or leave it out"
