"""Validate what gh prints, and turn it into values of the model."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ....model import Check, CheckState, ForgeIssue, ForgeMilestone, PullRequest
from .. import LONGEST_LOG

Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Number = Annotated[int, Field(ge=1)]
PULL = "number,headRefName,baseRefName,title,body,state,url,isDraft,labels,headRefOid,isCrossRepository"
"""The fields of a pull request, as `gh pr list --json` takes them."""


class Answer(BaseModel):
    """Part of an answer. Fields that were not asked for are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class Named(Answer):
    """A label."""

    name: str


class Pull(Answer):
    """A pull request."""

    number: Number
    headRefName: str = Field(min_length=1)  # noqa: N815
    baseRefName: str = Field(min_length=1)  # noqa: N815
    title: str
    body: str
    state: Literal["OPEN", "CLOSED", "MERGED"]
    url: str
    isDraft: bool  # noqa: N815
    labels: list[Named]
    headRefOid: Commit  # noqa: N815
    isCrossRepository: bool  # noqa: N815

    def to_model(self) -> PullRequest:
        """Return it as a value of the model."""
        return PullRequest(
            self.number,
            self.headRefName,
            self.baseRefName,
            self.title,
            self.body.replace("\r\n", "\n"),
            self.state.lower(),
            self.url,
            self.isDraft,
            tuple(label.name for label in self.labels),
            self.headRefOid,
        )


class Person(Answer):
    """An account."""

    login: str
    type: str = "User"


class Comment(Answer):
    """A comment, by REST."""

    id: Number
    user: Person | None
    body: str | None
    created_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$")
    updated_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$")


class Permission(Answer):
    """The permission of an account in the repository."""

    permission: Literal["admin", "maintain", "write", "triage", "read", "none"]


class Blocked(Answer):
    """How many open issues block an issue."""

    blocked_by: int = 0


class SubIssues(Answer):
    """How many sub-issues an issue has."""

    total: int = 0


class Issue(Answer):
    """An issue, by REST, which lists pull requests as well."""

    id: int = 0
    number: Number
    title: str
    body: str | None
    state: Literal["open", "closed"]
    html_url: str
    labels: list[Named]
    pull_request: dict[str, Any] | None = None
    repository_url: str = ""
    issue_dependencies_summary: Blocked | None = None
    sub_issues_summary: SubIssues | None = None

    def to_model(self) -> ForgeIssue:
        """Return it as a value of the model."""
        body = (self.body or "").replace("\r\n", "\n")
        labels = tuple(label.name for label in self.labels)
        return ForgeIssue(self.number, self.title, body, self.state, self.html_url, labels)


class Milestone(Answer):
    """A milestone."""

    number: Number
    title: str
    description: str | None
    state: Literal["open", "closed"]

    def to_model(self) -> ForgeMilestone:
        """Return it as a value of the model."""
        return ForgeMilestone(self.title, self.description or "", self.state)


class Run(Answer):
    """A check run or a commit status, as the query in graphql.py asks for both."""

    kind: Literal["CheckRun", "StatusContext"] = Field(alias="__typename")
    name: str
    url: str | None
    required: bool
    status: str
    conclusion: str | None = None
    summary: str | None = None
    text: str | None = None

    def to_model(self, log: str = "") -> Check:
        """Return it as a value of the model, with the end of its log."""
        return Check(self.name, self.state, self.url or "", self.required, log[-LONGEST_LOG:])

    @property
    def state(self) -> CheckState:
        """The state of the check. An unknown conclusion counts as failed."""
        word = self.conclusion or self.status
        if word in {"SUCCESS", "NEUTRAL"}:
            return CheckState.PASSED
        if word == "SKIPPED":
            return CheckState.SKIPPED
        pending = self.conclusion is None and word not in {"FAILURE", "ERROR"}
        return CheckState.PENDING if pending else CheckState.FAILED

    @property
    def job(self) -> int | None:
        """The job of GitHub Actions behind it, whose log can be read."""
        match = re.search(r"/actions/runs/\d+/job/(\d+)", self.url or "")
        return int(match[1]) if match else None


ONE_PULL, PULLS = TypeAdapter(Pull), TypeAdapter(list[Pull])
COMMENT, COMMENTS = TypeAdapter(Comment), TypeAdapter(list[list[Comment]])
ISSUE, ISSUES, RECENT = TypeAdapter(Issue), TypeAdapter(list[list[Issue]]), TypeAdapter(list[Issue])
MILESTONE, MILESTONES = TypeAdapter(Milestone), TypeAdapter(list[list[Milestone]])
PERMISSION = TypeAdapter(Permission)
LABELS = TypeAdapter(list[list[Named]])
