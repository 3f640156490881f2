"""Find the known word that a mistyped one means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like another one, None where none is alike."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:60], list(known), 1)), None)
