"""The small parts that the report is made of; whatever strangers wrote becomes plain text in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.text import for_html
from ...policy.graph import phase_name
from ..phrases import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ...model import Finding
    from .data import Records


def text(said: object) -> str:
    """Return any text as HTML shows it: without secrets, without control characters, without markup."""
    return for_html(" ".join(str(said).split()))


def code(said: object) -> str:
    """Return any text as a program would write it."""
    return f"<code>{text(said)}</code>"


def pill(kind: str, said: str) -> str:
    """Return a word in the colour of its kind."""
    return f'<span class="pill {kind}">{text(said)}</span>'


def labels(names: Iterable[str]) -> str:
    """Return the labels of a pull request."""
    return " ".join(f'<span class="label">{text(name)}</span>' for name in names)


def time(at: datetime) -> str:
    """Return a moment, to the minute."""
    return f'<time datetime="{at.isoformat(timespec="seconds")}">{at:%Y-%m-%d %H:%M} UTC</time>'


def lasted(seconds: float) -> str:
    """Return a length of time as people say it, by its two largest units."""
    if seconds < 1:
        return "under 1 s"
    parts, left = [], round(seconds)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts[:2])


def link(url: str, said: str) -> str:
    """Return a link to a page on the web; a file beside a local remote is named, not linked."""
    if url.startswith(("https://", "http://")):
        return f'<a href="{text(url)}" rel="noreferrer">{text(said)}</a>'
    return text(said)


def who_asks(records: Records, gate: str) -> str:
    """Return what a gate is about: its issue with a link to its evidence, its phase, or its own name."""
    if gate in records.told:
        return f'<a href="#issue-{gate}">#{gate} {text(records.told[gate].title)}</a>'
    titles = {phase_name(phase.number): f"Phase {phase.number}: {phase.title}" for phase in records.milestone.phases}
    return text(titles.get(gate, gate))


def listed(findings: Sequence[Finding]) -> str:
    """Return findings as a list, empty where there are none."""
    rows = (
        f"<li>{text(finding.message)}{f' <code>{text(place(finding)[3:])}</code>' if finding.path else ''}"
        f"{f'<br><span class=soft>{text(finding.detail)}</span>' if finding.detail else ''}</li>"
        for finding in findings
    )
    return f"<ul>{''.join(rows)}</ul>" if findings else ""
