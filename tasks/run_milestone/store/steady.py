"""Let records be read once while nothing of them may change in between."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator


class Steady:
    """What was read in the present block. Outside of a block every read looks whether its file has changed."""

    def __init__(self) -> None:
        """Start outside of a block."""
        self._seen: set[Hashable] | None = None
        self.derived: dict[Hashable, Any] | None = None
        """What was derived from records in this block, by name; None outside of one."""

    @contextlib.contextmanager
    def block(self) -> Iterator[None]:
        """Read each record once while the block runs, so that all of it speaks of one moment. Blocks may nest."""
        if self._seen is not None:
            yield
            return
        self._seen, self.derived = set(), {}
        try:
            yield
        finally:
            self._seen = self.derived = None

    def has(self, name: Hashable) -> bool:
        """Return whether a record was read in this block."""
        return self._seen is not None and name in self._seen

    def note(self, name: Hashable) -> None:
        """Remember that a record was read."""
        if self._seen is not None:
            self._seen.add(name)

    def forget(self, name: Hashable) -> None:
        """Let a record that was written be read again, and derive everything again."""
        if self._seen is not None:
            self._seen.discard(name)
            self.derived = {}
