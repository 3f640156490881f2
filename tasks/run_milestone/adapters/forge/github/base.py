"""What everything done in one GitHub repository needs: gh, the target branch, and labels that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ....model import Label
from ....policy.stops import LABELS
from . import responses

if TYPE_CHECKING:
    from .gh import Gh


class Repository:
    """One repository on GitHub, reached through `gh`. Nothing is ever merged into its branch `target`."""

    def __init__(self, gh: Gh, target: str) -> None:
        self._gh = gh
        self._target = target
        self._labels: set[str] = set()
        """Names of the labels that exist, in lower case: GitHub ignores case."""

    def _ensure_labels(self, *names: str) -> None:
        """Create the labels that are missing. Asks for the list only when a name is not known yet."""
        if any(name.lower() not in self._labels for name in names):
            listed = self._gh.pages(responses.LABELS, "labels?per_page=100")  # `gh label list` prints no JSON for none
            self._labels = {label.name.lower() for label in listed}
        for name in dict.fromkeys(names):
            if name.lower() not in self._labels:
                self._create_label(LABELS.get(name, Label(name, "ededed")))

    def _create_label(self, label: Label) -> None:
        options = ("--color", label.colour, "--description", label.description)
        try:
            self._gh.do("label", "create", *options, "--", label.name)  # a name may begin with a hyphen
        except OutsideError as error:
            if "already exists" not in error.what:  # somebody else was faster
                raise
        self._labels.add(label.name.lower())
