"""labels: made where they are missing, those of the stop table with their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ....model import Label
from ....policy.stops import LABELS
from . import responses

if TYPE_CHECKING:
    from .gh import Gh


class Labels:
    """The labels of one repository."""

    def __init__(self, gh: Gh) -> None:
        self._gh = gh
        self._known: dict[str, Label] = {}
        """Those that are there, by their names in lower case: GitHub does not tell cases apart."""

    def ensure(self, *names: str) -> tuple[Label, ...]:
        """Return these labels, those made that are missing; one that is known to be there is not asked for again."""
        if any(name.lower() not in self._known for name in names):
            self._read()
        missing = [name for name in dict.fromkeys(names) if name.lower() not in self._known]
        for name in missing:
            self._make(LABELS.get(name, Label(name, "ededed")))
        if missing:
            self._read()
        return tuple(self._known[name.lower()] for name in names)

    def _read(self) -> None:
        told = self._gh.pages(responses.LABELS_SHAPE, "labels?per_page=100")  # `gh label list` prints no JSON for none
        self._known = {label.name.lower(): label.told() for label in told}

    def _make(self, label: Label) -> None:
        words = ("label", "create", label.name, "--color", label.colour, "--description", label.description)
        try:
            self._gh.do(*words)
        except OutsideError as error:
            if "already exists" not in error.what:  # somebody else was faster
                raise
