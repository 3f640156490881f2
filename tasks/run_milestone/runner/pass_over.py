"""Pass over what is done before doit is asked, so that only what is left becomes a part of its graph."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..core.errors import UserError
from ..model import STEPS

if TYPE_CHECKING:
    from ..policy.graph import Node
    from .session import Session


def pass_over_done(session: Session, names: list[str], *, by_seals: bool = True) -> None:
    """Pass over what these tasks need and is done, up to the first task of each chain that must run.

    Where the seal of an issue or a phase holds, none of its tasks is looked at; without `by_seals` each is. A verbose
    run says of each why it is done.
    """
    done, ctx = session.done, session.ctx
    by_seals = by_seals and ctx.adapters is not None and ctx.remote is not None and not ctx.options.verbose
    with ctx.store.steady.block():
        for node in done.remaining(ctx, names):
            if node.name in done or not all(name in done for name in node.after):
                continue
            sealed = _sealed_from(node) if by_seals else None
            if sealed is not None and done.seals.hold(ctx, sealed, done.fresh):
                done.note(*(ctx.nodes[sealed].after if node.issue else (sealed,)))
            else:
                _pass_over_if_done(session, node)


def _sealed_from(node: Node) -> str | None:
    """Return the issue that begins with a task, or the phase that it ends; None for every other task."""
    if node.step is STEPS[0]:
        return node.issue
    return node.name if node.issue is None and node.phase is not None else None


def _pass_over_if_done(session: Session, node: Node) -> None:
    with contextlib.suppress(UserError):  # it is raised again when the task's turn comes
        verdict = session.check(node)
        if not verdict.run:
            session.pass_over(node, verdict)
