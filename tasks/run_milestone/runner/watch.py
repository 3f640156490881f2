"""Watch for answers, and let the run go on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.fs import shown
from ..render.transcript import waiting_for_answers
from .remote_snapshot import look_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .session import Session

LOOK = 5_000
"""Milliseconds after which files are looked at though no change was told: some file systems tell none."""


def wait_for_answer(session: Session) -> bool:
    """Wait until an answer is taken or a person's branch moves; False at once where nothing can be waited for."""
    if session.aborted or not session.store.gates.all():
        return False
    approvals = session.store.approvals.folder
    approvals.mkdir(parents=True, exist_ok=True)
    session.console.say(waiting_for_answers(shown(session.store.folder / "approvals")))
    branches = session.ctx.git.common / "refs" / "heads"
    return any(_news(session) for _ in changes(approvals, branches))


def _news(session: Session) -> bool:
    """Return whether somebody answered, in a file or on the forge, or moved a branch."""
    return look_again(session) | session.settle(comments=True)


def changes(*folders: Path) -> Iterator[None]:
    """Yield at once, then whenever something in these folders changes, without end."""
    watch = _needed()
    yield
    for _ in watch(*folders, rust_timeout=LOOK, yield_on_timeout=True):
        yield


def _needed() -> Callable[..., Iterator[object]]:
    """Return the function that watches folders."""
    try:
        from watchfiles import watch
    except ImportError:
        raise UsageError(
            "Watching needs the package watchfiles.", "Install it with `pip install 'run-milestone[watch]'`."
        ) from None
    return watch
