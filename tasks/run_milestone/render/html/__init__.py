"""The report: one HTML page that a lead would forward, from the records alone, without scripts or network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .attention import attention
from .costs import costs, footer
from .data import read
from .decisions import decisions
from .elements import text
from .evidence import evidence
from .header import header
from .phases import phases
from .pulls import pulls
from .timeline import timeline

if TYPE_CHECKING:
    from ...model import Milestone
    from ...store import State


STYLE = Path(__file__).with_name("page.css")


def page(milestone: Milestone, state: State) -> str:
    """Return the report of a milestone; the same records make the same page."""
    records = read(milestone, state)
    title = f"Milestone {milestone.id.upper()}: {milestone.title}"
    sections = (attention, phases, timeline, decisions, pulls, evidence, costs)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">""",
            '<meta name="referrer" content="no-referrer">',
            f"<title>{text(title)}</title>",
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            "</head>",
            "<body>",
            header(records),
            "<main>",
            *(part for section in sections if (part := "\n".join(section(records)))),
            "</main>",
            footer(records),
            "</body>",
            "</html>",
            "",
        ]
    )
