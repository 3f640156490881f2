"""releases: a tag with notes, on the commit that it is for and on no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ....model import Release
from . import responses, text_limits
from .error_mapping import NotThereError

if TYPE_CHECKING:
    from .gh import Gh


class Releases:
    """The releases of one repository."""

    def __init__(self, gh: Gh) -> None:
        self._gh = gh

    def publish(self, tag: str, *, commit: str, title: str, notes: str) -> Release:
        """Tag a commit and publish notes, unless that is done."""
        self._refuse_other(tag, self._tagged(tag), commit)
        if (found := self._released(tag)) is None:
            words = (
                "release",
                "create",
                tag,
                "--target",
                commit,
                "--title",
                text_limits.title(title),
                "--notes-file",
                "-",
            )
            self._gh.do(*words, stdin=text_limits.body(notes), lost=lambda: self._released(tag))
            found = self._released(tag)
        at = self._tagged(tag)
        self._refuse_other(tag, at, commit)
        if found is None or at is None:
            raise OutsideError(f"GitHub has no release {tag} after it was made.", "Run the same command again.")
        return Release(tag, at, found.name or "", found.body or "", found.html_url)

    def _refuse_other(self, tag: str, at: str | None, commit: str) -> None:
        if at not in {None, commit}:
            raise OutsideError(f"The tag {tag} is on {at} and not on {commit}.", "Choose another tag.")

    def _released(self, tag: str) -> responses.Published | None:
        try:
            return self._gh.ask(responses.RELEASE, "api", self._gh.path(f"releases/tags/{tag}"))
        except NotThereError:
            return None

    def _tagged(self, tag: str) -> str | None:
        try:
            return self._gh.ask(responses.TAGGED, "api", self._gh.path(f"commits/tags/{tag}")).sha
        except NotThereError:
            return None
