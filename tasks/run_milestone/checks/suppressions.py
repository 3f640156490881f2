"""Finds what switches checks off: comments and annotations that linters, scanners and coverage obey."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ..core.presets import directives
from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile


def check(file: ChangedFile) -> Iterator[Finding]:
    """Yield what switches checks off: for a whole file it is a stop, for a line it is shown."""
    for line, text in file.added:
        if _any("whole_file").search(text):
            message = f"Checks switched off for a whole file: {text.strip()[:80]}"
            yield Finding(Kind.TAMPERING, Severity.CRITICAL, "suppressed-file", message, file.path, line)
        elif is_suppressed(text):
            message = f"Checks switched off for a line: {text.strip()[:80]}"
            yield Finding(Kind.PROTECTED, Severity.WARNING, "suppressed-line", message, file.path, line)


def is_suppressed(text: str) -> bool:
    """Tell whether a line switches a check off."""
    return bool(_any("line").search(text))


@cache
def _any(kind: str) -> re.Pattern[str]:
    return re.compile("|".join(directives(kind)), re.IGNORECASE)
