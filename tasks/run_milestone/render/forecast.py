"""Renders which open branches conflict: a sentence per pair with the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHOWN = 5
"""How many files a sentence names."""


def forecast_text(milestone: str, branches: int, pairs: Sequence[tuple[str, str, tuple[str, ...]]]) -> str:
    """Return what `forecast` prints. A pair names two branches, and the files in which they conflict."""
    return "".join(f"{line}\n" for line in _lines(milestone, branches, pairs))


def _lines(milestone: str, branches: int, pairs: Sequence[tuple[str, str, tuple[str, ...]]]) -> Iterator[str]:
    if branches < 2:
        yield f"✓ {milestone} has {branches or 'no'} open branch{'' if branches == 1 else 'es'}: nothing can conflict."
    elif not pairs:
        yield f"✓ No two of {branches} open branches conflict."
    for one, other, paths in pairs:
        more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        yield f"⚠️ {one} and {other} conflict in {for_terminal(', '.join(paths[:SHOWN]))}{more}"
    if pairs:
        yield ""
        yield f"The branch of each pair that lands second stops at a conflict in `run-milestone {milestone}`. To avoid"
        yield "that, name one issue in `depends_on` of the other in the plan, or narrow one of them."
