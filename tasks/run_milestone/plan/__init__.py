"""Load a plan: its text becomes a Milestone, or every error with its line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import PlanError, UsageError
from ..policy.naming import is_id, order

if TYPE_CHECKING:
    from ..model import Milestone


def load(folder: Path, *, cache: Path | None = None, write: bool = True) -> Milestone:
    """Return the milestone whose plan is in `folder`. `cache` is a file for the compiled form.

    Without `write` the compiled form is used where it is there, and nothing changes.

    Errors: UsageError where there is no plan, PlanError with every problem at once.
    """
    from .cache import keep, recall, sound

    data = _plan_bytes(folder)
    if cache and (kept := recall(cache, folder, data)):
        return kept
    from .compile import compile_again

    milestone, issues = compile_again(folder, data, sound(cache) if cache else frozenset())
    if cache and write:
        keep(cache, folder, data, milestone, issues)
    return milestone


def milestones(plans: Path) -> tuple[str, ...]:
    """Return the ids of the milestones below `plans`, in numerical order."""
    names = (path.parent.name for path in plans.glob("*/plan.yaml") if is_id(path.parent.name))
    return tuple(sorted(names, key=order))


def _plan_bytes(folder: Path) -> bytes:
    from .yaml_reader import read_bytes

    path = folder / "plan.yaml"
    shown = path.relative_to(folder.parent.parent)
    try:
        data = read_bytes(path)
    except ValueError as error:
        raise PlanError([f"{shown}:1:1: plan: cannot be used because {error}, expected a YAML file"]) from None
    if data is None:
        raise _no_plan(folder, str(shown))
    return data


def _no_plan(folder: Path, shown: str) -> UsageError:
    names = milestones(folder.parent)
    others = f"the plans here are {', '.join(names)}" if names else "there is no other plan here either"
    return UsageError(f"There is no {shown}; {others}.", f"Make it with `run-milestone plan new {folder.name}`.")
