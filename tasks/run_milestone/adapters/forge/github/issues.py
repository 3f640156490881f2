"""planning: issues and the milestones that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from . import responses, text_limits
from .gh import number_in

if TYPE_CHECKING:
    from ....model import ForgeIssue, ForgeMilestone
    from .gh import Gh
    from .labels import Labels


class Planning:
    """The issues and milestones of one repository."""

    def __init__(self, gh: Gh, labels: Labels) -> None:
        self._gh = gh
        self._labels = labels

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues; from the plain index, the search one lags."""
        found = self._milestone(milestone)
        if found is None:
            return ()
        listed = self._gh.pages(responses.ISSUES, f"issues?milestone={found.number}&state=all&per_page=100")
        own = sorted((one for one in listed if one.pull_request is None), key=lambda one: one.number)
        return tuple(one.told() for one in own)

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue; where no answer comes, the newest ones are looked through for it."""
        self._labels.ensure(*labels)
        fit, text = text_limits.title(title), text_limits.body(body)
        words = ["issue", "create", "--title", fit, "--body-file", "-"]
        words += ["--milestone", milestone] if milestone else []
        words += [word for label in labels for word in ("--label", label)]
        made = self._gh.do(*words, stdin=text, lost=lambda: self._recent(fit, text))
        return self._issue(number_in(made, "issues")) if isinstance(made, str) else made

    def _issue(self, number: int) -> ForgeIssue:
        return self._gh.ask(responses.ISSUE, "api", self._gh.path(f"issues/{number}")).told()

    def _recent(self, title: str, body: str) -> ForgeIssue | None:
        newest = self._gh.path("issues?state=open&sort=created&direction=desc&per_page=30")
        told = (one.told() for one in self._gh.ask(responses.RECENT, "api", newest))
        return next((one for one in told if (one.title, one.body) == (title, body)), None)

    def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None
    ) -> ForgeIssue:
        """Make what is given read so."""
        given = {
            "title": None if title is None else text_limits.title(title),
            "body": None if body is None else text_limits.body(body),
            "state": state,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        return self._gh.send(responses.ISSUE, "PATCH", f"issues/{number}", wanted).told()

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, made where there is none."""
        found = self._milestone(title) or self._gh.send(
            responses.MILESTONE,
            "POST",
            "milestones",
            {"title": text_limits.title(title), "description": text_limits.body(description)},
            lambda: self._milestone(title),
        )
        return found.told()

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone."""
        found = self._milestone(title)
        if found is None:
            raise OutsideError(f"There is no milestone {title} on GitHub.", "Look for its title there.")
        return self._gh.send(responses.MILESTONE, "PATCH", f"milestones/{found.number}", {"state": "closed"}).told()

    def _milestone(self, title: str) -> responses.Milestone | None:
        known = self._gh.pages(responses.MILESTONES, "milestones?state=all&per_page=100")
        return next((one for one in known if one.title == title), None)
