"""answers: what gh may answer; anything else is no answer. Each becomes a value of the model."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ....model import Check, CheckState, ForgeIssue, ForgeMilestone, Label, PullRequest
from .. import LONGEST_LOG

Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Number = Annotated[int, Field(ge=1)]
PULL = "number,headRefName,baseRefName,title,body,state,url,isDraft,labels,headRefOid,isCrossRepository"
"""The fields of a pull request, as `gh pr list --json` takes them."""


class Answer(BaseModel):
    """Part of an answer; what was not asked for is not looked at."""

    model_config = ConfigDict(strict=True, frozen=True)


class Named(Answer):
    """A label as part of something."""

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

    def told(self) -> PullRequest:
        """Return it as the model has it."""
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
    """Who wrote something."""

    login: str


class Said(Answer):
    """A comment, by REST."""

    id: Number
    user: Person | None
    body: str | None
    updated_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$")


class Permission(Answer):
    """What somebody may do in the repository."""

    permission: Literal["admin", "maintain", "write", "triage", "read", "none"]


class Issue(Answer):
    """An issue, by REST, which lists pull requests as well."""

    number: Number
    title: str
    body: str | None
    state: Literal["open", "closed"]
    html_url: str
    labels: list[Named]
    pull_request: dict[str, Any] | None = None

    def told(self) -> ForgeIssue:
        """Return it as the model has it."""
        body = (self.body or "").replace("\r\n", "\n")
        labels = tuple(label.name for label in self.labels)
        return ForgeIssue(self.number, self.title, body, self.state, self.html_url, labels)


class Milestone(Answer):
    """A milestone."""

    number: Number
    title: str
    description: str | None
    state: Literal["open", "closed"]

    def told(self) -> ForgeMilestone:
        """Return it as the model has it."""
        return ForgeMilestone(self.title, self.description or "", self.state)


class Published(Answer):
    """A release."""

    tag_name: str
    name: str | None
    body: str | None
    html_url: str


class Tagged(Answer):
    """What a name stands for."""

    sha: Commit


class Coloured(Answer):
    """A label of the repository."""

    name: str
    color: str = Field(pattern=r"^[0-9a-fA-F]{6}$")
    description: str | None

    def told(self) -> Label:
        """Return it as the model has it."""
        return Label(self.name, self.color.lower(), self.description or "")


class Run(Answer):
    """A check run, or another service's status, as the query in checks.py asks for both."""

    kind: Literal["CheckRun", "StatusContext"] = Field(alias="__typename")
    name: str
    url: str | None
    required: bool
    status: str
    conclusion: str | None = None
    summary: str | None = None
    text: str | None = None

    def told(self, log: str = "") -> Check:
        """Return it as the model has it, with the end of its log."""
        return Check(self.name, self.state, self.url or "", self.required, log[-LONGEST_LOG:])

    @property
    def state(self) -> CheckState:
        """How it stands; what is not known to be good is not good."""
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
        found = re.search(r"/actions/runs/\d+/job/(\d+)", self.url or "")
        return int(found[1]) if found else None


ONE_PULL, PULLS = TypeAdapter(Pull), TypeAdapter(list[Pull])
COMMENT, COMMENTS = TypeAdapter(Said), TypeAdapter(list[list[Said]])
ISSUE, ISSUES, RECENT = TypeAdapter(Issue), TypeAdapter(list[list[Issue]]), TypeAdapter(list[Issue])
MILESTONE, MILESTONES = TypeAdapter(Milestone), TypeAdapter(list[list[Milestone]])
PERMISSION, RELEASE, TAGGED = TypeAdapter(Permission), TypeAdapter(Published), TypeAdapter(Tagged)
LABELS_SHAPE = TypeAdapter(list[list[Coloured]])
