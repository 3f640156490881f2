"""What a node of the graph is made of, the same shape for an issue's steps and for the milestone's own tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Finding

    Asked = tuple[tuple[Finding, ...], str]
    """Findings to ask about, and the identity of the change they were found in."""


def _nothing(*_: Any) -> list[str]:
    return []


def _no_questions(*_: Any) -> Asked:
    return (), ""


def _is_not() -> bool:
    return False


def _agrees(_: Any) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Task:
    """One node's doing. `gate` is the name under which it asks; `shape` the type of its evidence."""

    gate: str
    shape: type[Any]
    inputs: Callable[[], dict[str, str]]
    act: Callable[[], Any] | None = None
    """Find something out or change something; None for a gate, whose evidence is how it was passed."""
    made: Callable[[], bool] = _is_not
    """Whether its effect is there already, though no marker says so: acting only takes it over."""
    hindrances: Callable[[], Asked] = _no_questions
    """What keeps the task from acting at all."""
    findings: Callable[[Any], Asked] = _no_questions
    """What there is to ask about once there is evidence."""
    differs: Callable[[Any], str | None] = _agrees
    """Why the world is no longer as the evidence says, None where it is."""
    before: Callable[[], list[str]] = _nothing
    after: Callable[[Any], list[str]] = _nothing
    shown: Callable[[], list[str]] = _nothing
    """Lines shown with the question (a phase's list)."""
