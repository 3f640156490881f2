"""Say what the commands about plans and projects did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from .phrases import sign

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..model import Finding, Milestone


def plan_checked(file: str, milestone: Milestone, findings: Sequence[Finding]) -> str:
    """Return the size of a valid plan, and what its review finds."""
    issues, phases = count(len(milestone.issues), "issue"), count(len(milestone.phases), "phase")
    lines = [f"✓ {file}: {issues} in {phases}"]
    lines += [f"  {sign(finding)} {finding.message}" for finding in findings]
    return "\n".join([*lines, ""])


def plan_made(path: Path, milestone: str) -> str:
    """Return where a new plan is, and what to do with it."""
    return f"✓ made {path}\nNow describe your issues in it, then run `run-milestone plan review {milestone}`.\n"


def project_made(files: Sequence[tuple[Path, bool]], plan: str, milestone: str) -> str:
    """Return which files of a project are new and which were kept, and what to do next."""
    lines = "".join(f"{'✓ made' if new else '· kept'} {path}\n" for path, new in files)
    return f"{lines}Now describe your issues in {plan}, then run `run-milestone {milestone}`.\n"


def demo_ended(folder: str) -> str:
    """Return where to look after the demo."""
    return f"\nThe demo ran in {folder}: look at state/m4.1/, product/ and remote/product.forge/ there.\n"


def nothing_to_push(milestone: Milestone) -> str:
    """Return that `plan push` has nothing to do."""
    return f"· Every issue of {milestone.id} has its number on the forge already\n"
