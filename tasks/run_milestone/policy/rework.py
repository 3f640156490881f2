"""Decide which decisions ask for another attempt at an issue, and what that has to do. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from ..model import Kind, Verb
from .stops import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Decision


def rework_requested(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that ask for another attempt at the implementation.

    This is how `fix`, `restart` and `retry` take effect: they are an input of the step `implement`.
    """
    return tuple(
        one for one in decisions if one.verb in AGAIN and (one.verb is not Verb.RETRY or one.kind is Kind.AGENT)
    )


def rework(decisions: Iterable[Decision]) -> Decision | None:
    """Return what the newest attempt has to do, None for the first. A retry repeats what was asked before it.

    Fixes of several questions about one change are one piece of work, because one attempt answers them all.
    """
    asked = [one for one in rework_requested(decisions) if one.verb is not Verb.RETRY]
    last = asked[-1] if asked else None
    if last is None or last.verb is not Verb.FIX or not last.change:
        return last
    newest = takewhile(lambda one: (one.verb, one.change) == (Verb.FIX, last.change), reversed(asked))
    together = {one.digest: one for one in reversed(list(newest))}.values()
    why = "; ".join(dict.fromkeys(one.why for one in together if one.why))
    return replace(last, why=why, findings=tuple(finding for one in together for finding in one.findings))
