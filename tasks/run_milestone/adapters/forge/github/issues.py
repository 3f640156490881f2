"""Read and create issues, and the milestones that hold them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from . import responses, text_limits
from .base import Repository
from .gh import as_field, number_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....model import ForgeIssue, ForgeMilestone


_NEWEST = "issues?state=open&sort=created&direction=desc&per_page=30"


class Issues(Repository):
    """The issues and milestones of one repository."""

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues, read from the plain index because the search index lags."""
        known = self._milestone(milestone)
        if known is None:
            return ()
        listed = self._gh.pages(responses.ISSUES, f"issues?milestone={known.number}&state=all&per_page=100")
        issues = sorted((one for one in listed if one.pull_request is None), key=lambda one: one.number)
        return tuple(replace(one.to_model(), blocked_by=tuple(self._blockers(one))) for one in issues)

    def _blockers(self, issue: responses.Issue) -> Iterator[int]:
        """Yield the open issues of this repository that block an issue, and its open sub-issues."""
        kinds = {
            "dependencies/blocked_by": (issue.issue_dependencies_summary or responses.Blocked()).blocked_by,
            "sub_issues": (issue.sub_issues_summary or responses.SubIssues()).total,
        }
        for kind in (kind for kind, listed in kinds.items() if listed):
            for one in self._gh.pages(responses.ISSUES, f"issues/{issue.number}/{kind}?per_page=100"):
                if one.state == "open" and one.repository_url in {"", issue.repository_url}:
                    yield one.number

    def block(self, number: int, *, by: int) -> None:
        """Add a blocker, where it is not there yet."""
        self._relate(f"issues/{number}/dependencies/blocked_by", "issue_id", by)

    def add_sub_issue(self, number: int, part: int) -> None:
        """Add a part, where it is not there yet."""
        self._relate(f"issues/{number}/sub_issues", "sub_issue_id", part)

    def _relate(self, path: str, key: str, other: int) -> None:
        """Add an issue to those listed at `path`; what a try that failed left there is seen by the next."""
        issue = self._gh.ask(responses.ISSUE, "api", self._gh.path(f"issues/{other}"))
        retry = self._gh.retry()
        while True:
            if any(one.id == issue.id for one in self._gh.pages(responses.ISSUES, f"{path}?per_page=100")):
                return
            with retry:
                self._gh.send_once(responses.ISSUE, "POST", path, {key: issue.id})

    def open_issues(self, most: int) -> tuple[ForgeIssue, ...]:
        """Return the newest open issues, the oldest of them first, among the newest 30 issues and pull requests."""
        listed = self._gh.ask(responses.RECENT, "api", self._gh.path(_NEWEST))
        issues = sorted((one for one in listed if one.pull_request is None), key=lambda one: one.number)
        return tuple(one.to_model() for one in issues[-most:])

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue. After a call without an answer it is looked for among the newest ones first."""
        self._ensure_labels(*labels)
        fit, text = text_limits.title(title), text_limits.body(body)
        words = ["issue", "create", "--title", fit, "--body-file", "-"]
        words += ["--milestone", milestone] if milestone else []
        words += [word for label in labels for word in ("--label", as_field(label))]
        retry = self._gh.retry()
        while True:
            if retry.again and (made := self._recent(fit, text)) is not None:
                return made
            with retry:
                number = number_in(self._gh.do_once(*words, stdin=text), "issues")
                return self._gh.ask(responses.ISSUE, "api", self._gh.path(f"issues/{number}")).to_model()

    def _recent(self, title: str, body: str) -> ForgeIssue | None:
        issues = (one.to_model() for one in self._gh.ask(responses.RECENT, "api", self._gh.path(_NEWEST)))
        return next((one for one in issues if (one.title, one.body) == (title, body)), None)

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, created where there is none."""
        wanted = {"title": text_limits.title(title), "description": text_limits.body(description)}
        retry = self._gh.retry()
        while True:
            if (known := self._milestone(title)) is not None:
                return known.to_model()
            with retry:
                return self._gh.send_once(responses.MILESTONE, "POST", "milestones", wanted).to_model()

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone."""
        known = self._milestone(title)
        if known is None:
            raise OutsideError(f"There is no milestone {title} on GitHub.", "Look for its title there.")
        closed = self._gh.send(responses.MILESTONE, "PATCH", f"milestones/{known.number}", {"state": "closed"})
        return closed.to_model()

    def _milestone(self, title: str) -> responses.Milestone | None:
        listed = self._gh.pages(responses.MILESTONES, "milestones?state=all&per_page=100")
        return next((one for one in listed if one.title == title), None)
