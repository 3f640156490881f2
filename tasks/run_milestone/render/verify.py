"""Say where the records differ from git and the forge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def verified(milestone: str, differences: Mapping[str, Sequence[str]] | None) -> str:
    """Return a line per part that agrees, a line per difference, and the result."""
    if differences is None:
        return f"Nothing is recorded of {milestone} yet; `run-milestone {milestone}` begins it.\n"
    lines: list[str] = []
    for name, parts in differences.items():
        lines += [f"✗ {name}: {what}" for what in parts] or [f"✓ {name}"]
    total = sum(map(len, differences.values()))
    result = f"✗ {count(total, 'difference')}" if total else "✓ Records, git and forge agree"
    return "\n".join([*lines, "", result, ""])
