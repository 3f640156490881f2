"""Say what the commands about plans and projects did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Severity
from .phrases import sign

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..model import Finding, Milestone


def plan_checked(file: str, milestone: Milestone, findings: Sequence[Finding], hints: Sequence[str]) -> str:
    """Return the size of a valid plan, what its review finds, and what will not work."""
    issues, phases = count(len(milestone.issues), "issue"), count(len(milestone.phases), "phase")
    lines = [f"✓ {file}: {issues} in {phases}"]
    lines += [f"  {sign(finding)} {finding.message}" for finding in findings]
    lines += [f"  ✗ {hint}" for hint in hints]
    return "\n".join([*lines, ""])


def looked_ahead(findings: Sequence[Finding]) -> str:
    """Return what the remote and the forge will refuse, and what a person should know of them."""
    if not findings:
        return "✓ Nothing on the remote or the forge is in the way\n"
    marks = {Severity.CRITICAL: "✗", Severity.WARNING: "⚠️", Severity.INFO: "·"}
    ways = (f". {one.detail}" if one.detail else "" for one in findings)
    return "".join(f"{marks[one.severity]} {one.message}{way}\n" for one, way in zip(findings, ways, strict=True))


def not_made_yet(path: str) -> str:
    """Return that there is no repository to look at yet."""
    return f"· Not looked at: {path} is made from a sample by the first run\n"


def plan_made(path: Path, milestone: str) -> str:
    """Return where a new plan is, and what to do with it."""
    return f"✓ made {path}\nNow describe your issues in it, then run `run-milestone plan review {milestone}`.\n"


def project_made(files: Sequence[tuple[Path, bool]], note: str, plan: str, milestone: str) -> str:
    """Return which files of a project are new and which were kept, what to say of its issues, and what to do next."""
    lines = "".join(f"{'✓ made' if new else '· kept'} {path}\n" for path, new in files)
    noted = f"· {note}\n" if note else ""
    return (
        f"{lines}{noted}Now describe your issues in {plan}, see with `run-milestone doctor {milestone}` what will not "
        f"work, then run `run-milestone {milestone}`.\n"
    )


def demo_ended(folder: str) -> str:
    """Return where to look after the demo."""
    return f"\nThe demo ran in {folder}: look at state/m4.1/, product/ and remote/product.forge/ there.\n"


def nothing_to_push(milestone: Milestone) -> str:
    """Return that `plan push` has nothing to do."""
    return f"· Every issue of {milestone.id} has its number on the forge already\n"
