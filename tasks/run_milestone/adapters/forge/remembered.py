"""The forge of a job without rights: it answers what a run asked last, and takes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...core.errors import PutOffError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from ...model import PersonReview, PullRequest, World
    from . import Forge


class _Remembered:
    """Pull requests and their reviews as they were recorded."""

    def __init__(self, recorded: Callable[[], World | None]) -> None:
        self._recorded = recorded

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the recorded pull requests of these branches."""
        world = self._recorded()
        return tuple(pull for pull in world.pulls if not heads or pull.head in heads) if world else ()

    def reviews(self, *numbers: int) -> dict[int, tuple[PersonReview, ...]]:
        """Return the recorded reviews of these pull requests."""
        world = self._recorded()
        return {number: tuple(world.reviews.get(str(number), ())) if world else () for number in numbers}

    def __getattr__(self, name: str) -> Any:
        """Refuse everything else, because this job has no token."""

        def refuse(*_: object, **__: object) -> NoReturn:
            raise PutOffError(f"This job may not ask the forge ({name}).", "The job that may push does that.")

        return refuse


def remembered_forge(recorded: Callable[[], World | None]) -> Forge:
    """Return the forge as it was recorded."""
    return cast("Forge", _Remembered(recorded))
