"""A file of a change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a diff. `status` is git's letter (A, M, D, R, T); `added` holds (line number, text) at the head."""

    path: str
    status: str
    old_path: str | None = None
    added: tuple[tuple[int, str], ...] = ()
    removed: tuple[tuple[int, str], ...] = ()
    binary: bool = False

    @property
    def lines(self) -> int:
        """Added plus deleted lines."""
        return len(self.added) + len(self.removed)

    @property
    def before(self) -> str | None:
        """The path at the base; None where the file is new."""
        return None if self.status == "A" else self.old_path or self.path

    @property
    def after(self) -> str | None:
        """The path at the head; None where the file is gone."""
        return None if self.status == "D" else self.path
