"""labels: the labels of a local forge, those of the stop table with their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....model import Label
from ....policy.stops import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .files import Records


class Labels:
    """`labels.json`."""

    def __init__(self, files: Records) -> None:
        self._files = files

    def ensure(self, *names: str) -> tuple[Label, ...]:
        """Return these labels, those entered in labels.json that are missing."""
        with self._files.alone():
            return self.put(names)

    def put(self, names: tuple[str, ...]) -> tuple[Label, ...]:
        """Do the same for whoever holds the files already."""
        known = self._files.table("labels", "colour", "description")
        for name in names:
            if name not in known:
                label = LABELS.get(name, Label(name, "ededed"))
                self._files.enter("labels", name, {"colour": label.colour, "description": label.description})
        entries = self._files.table("labels", "colour", "description")
        return tuple(Label(name, entries[name]["colour"], entries[name]["description"]) for name in names)


def joined(labels: Iterable[str], more: Iterable[str]) -> list[str]:
    """Return labels and more of them, each once."""
    return list(dict.fromkeys((*labels, *more)))
