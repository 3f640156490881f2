"""The timeline of the report, as strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...policy.graph import phase_name
from .data import stretches
from .elements import lasted, time, who_asks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ...store.timeline import Span
    from .data import Records


def timeline(records: Records) -> Iterator[str]:
    """Yield when each issue was worked on and when it waited for a person."""
    found = stretches(records)
    yield '<h2 id="timeline">Timeline</h2>'
    if not found:
        yield '<p class="soft">Nothing has happened yet.</p>'
        return
    first, last = min(span.start for span in found), max(span.end for span in found)
    yield '<p class="small key"><span><i></i>work</span><span><i class="waiting"></i>waiting for a person</span></p>'
    yield '<div class="time">'
    for name in [*records.told, *(phase_name(phase.number) for phase in records.milestone.phases)]:
        own = [span for span in found if span.name == name]
        if own:
            yield f'<div class="what">{who_asks(records, name)}</div>'
            yield f'<div class="soft right">{lasted(sum(span.seconds for span in own))}</div>'
            yield f'<div class="track">{"".join(_stretch(span, first, last) for span in own)}</div>'
    yield f'<div class="axis"><span>{time(first)}</span><span>{time(last)}</span></div></div>'


def _stretch(span: Span, first: datetime, last: datetime) -> str:
    whole = (last - first).total_seconds() or 1.0
    left, width = 100 * (span.start - first).total_seconds() / whole, 100 * span.seconds / whole
    what = f"{'waited' if span.waiting else 'worked'} {lasted(span.seconds)}"
    css = ' class="waiting"' if span.waiting else ""
    return f'<i{css} style="left:{left:.4g}%;width:{width:.4g}%" title="{what}"></i>'
