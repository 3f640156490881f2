"""Sanitise titles and bodies for GitHub, and keep them within its limits."""

from __future__ import annotations

import re

from ....core.text import for_record, for_terminal

LONGEST_BODY = 65_536
"""Characters. GitHub refuses a longer body or comment."""
LONGEST_TITLE = 256

_MARK = re.compile(r"<!-- run-milestone: [^>\n]{1,200} -->")
_CUT = "\n\n… cut here: GitHub takes no longer text. The whole text is in the run's `state/`.\n\n"


def title(text: str) -> str:
    """Return a title on one line."""
    return for_terminal(" ".join(for_record(text).split()))[:LONGEST_TITLE]


def body(text: str) -> str:
    """Return a body that fits. A cut one says so, and keeps the hidden mark by which it is found again."""
    text = for_record(text)
    if len(text) <= LONGEST_BODY:
        return text
    kept = "\n".join(_MARK.findall(text)[-1:])
    return text[: LONGEST_BODY - len(_CUT) - len(kept)] + _CUT + kept


def mark(text: str) -> str | None:
    """Return the hidden mark of a body."""
    marks = _MARK.findall(text)
    return marks[-1] if marks else None
