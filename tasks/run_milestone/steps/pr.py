"""Open the issue's pull request, or bring it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks.diff import changed_files
from ..core.errors import OutsideError
from ..model import (
    Finding,
    Implemented,
    Inspected,
    Kind,
    Passed,
    Proposal,
    Proposed,
    Pushed,
    Severity,
    Step,
    Tested,
    Verb,
    pull_of,
)
from ..policy.gating import question
from ..policy.graph import step_name
from ..render import pull_request
from ..render.peoples_words import marked, with_peoples_words
from .base_branch import stands_on
from .push import wrong_way
from .task import IssueStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import PullRequest
    from .step_context import StepContext

RULE = "pull request"
"""What a finding about a pull request is called."""


class OpenPullRequest(IssueStep[Proposed]):
    """Open the issue's pull request or bring it up to date. There are never two of one branch."""

    name = Step.PR
    shape = Proposed
    fields = ("number", "title", "type", "github", "labels", "criteria", "spec")
    settings = ("branch",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return everything that the pull request says."""
        return {
            "pushed commit": ctx.evidence(Step.PUSH, Pushed).head,
            "labels": [ctx.evidence(gate, Passed).labels for gate in (Step.TEST_GATE, Step.INSPECT_GATE)],
            "inspection": ctx.evidence(Step.INSPECT, Inspected),
            "tests": ctx.evidence(Step.TEST, Tested),
            "decisions": [decision.id for decision in ctx.decisions],
        }

    def run(self, ctx: StepContext) -> Proposed:
        """Look for the pull request by its branch, open or update it, and take what the forge says back."""
        if wrong := wrong_way(ctx, stands_on(ctx).branch, {ctx.milestone.target}):
            return _stopped(ctx, f"The pull request is refused: {wrong}", Kind.TARGET)
        try:
            return _propose(ctx, _find(ctx))
        except OutsideError as error:
            return _stopped(ctx, error.what)

    def drift(self, ctx: StepContext, evidence: Proposed) -> str | None:
        """Return how the forge contradicts what was recorded about the pull request."""
        if ctx.remote is None:
            return None
        pull = ctx.remote.pull(ctx.branch)
        if evidence.problem:
            return None if pull is None or pull.state == "closed" else f"its pull request is {pull.state}"
        if pull is None or pull.state != "open":
            return f"its pull request is {pull.state if pull else 'gone'}"
        base = stands_on(ctx).branch
        return None if pull.base == base else f"its pull request goes to {pull.base}, not to {base}"


def _propose(ctx: StepContext, pull: PullRequest | None) -> Proposed:
    ctx.run.shared.confirm(required=True)
    if pull is None:
        return _proposed(ctx, _create(ctx))
    if pull.state == "merged":
        return _proposed(ctx, pull)
    if pull.state == "closed":
        return _closed(ctx, pull)
    return _proposed(ctx, _update(ctx, pull), adopted=True)


def _find(ctx: StepContext) -> PullRequest | None:
    return pull_of(ctx.branch, ctx.forge.pulls(ctx.branch))


def _create(ctx: StepContext) -> PullRequest:
    try:
        return ctx.forge.create(ctx.branch, marked(_proposal(ctx)))
    except OutsideError:
        pull = _find(ctx)
        if pull is None:
            raise
        return pull


def _update(ctx: StepContext, pull: PullRequest) -> PullRequest:
    made = ctx.forge.edit(pull.number, with_peoples_words(pull, _proposal(ctx)))
    return ctx.forge.set_draft(pull.number, draft=False) if made.draft else made


def label(ctx: StepContext, labels: tuple[str, ...]) -> None:
    """Put labels on the open pull request that only became known after it was made."""
    pull = _find(ctx)
    if pull is not None and pull.state == "open":
        ctx.forge.label(pull.number, *labels)


def unlabel(ctx: StepContext, name: str) -> None:
    """Take a label from the open pull request that is true of it no longer."""
    pull = _find(ctx)
    if pull is not None and pull.state == "open" and name in pull.labels:
        ctx.forge.unlabel(pull.number, name)


def _proposal(ctx: StepContext) -> Proposal:
    title = pull_request.title(ctx.milestone, ctx.issue)
    return Proposal(title, pull_request.body(_facts(ctx)), stands_on(ctx).branch, _labels(ctx))


def _facts(ctx: StepContext) -> pull_request.Facts:
    return pull_request.Facts(
        ctx.milestone,
        ctx.issue,
        ctx.evidence(Step.IMPLEMENT, Implemented),
        ctx.evidence(Step.TEST, Tested),
        ctx.evidence(Step.INSPECT, Inspected),
        ctx.decisions,
        changed_files(ctx.git.diff(ctx.base, ctx.head or "", "--unified=0")),
        stands_on(ctx).branch,
        below(ctx),
    )


def below(ctx: StepContext) -> tuple[int, ...]:
    """Return the pull requests that this one is based on."""
    made = (ctx.store.markers.evidence(step_name(number, Step.PR), Proposed) for number in stands_on(ctx).issues)
    return tuple(proposed.number for proposed in made if proposed and not proposed.problem)


def _closed(ctx: StepContext, pull: PullRequest) -> Proposed:
    """Open a pull request again that a person closed, but only when a person asks for it after that."""
    before = ctx.recorded(Step.PR, Proposed)
    if before is None or before.retries >= _retries(ctx):
        return _stopped(ctx, f"PR #{pull.number} was closed; {_way_back(ctx)}")
    return _proposed(ctx, _update(ctx, ctx.forge.reopen(pull.number)), adopted=True)


def _way_back(ctx: StepContext) -> str:
    """Return how a closed pull request is opened again: by an answer while one is offered, else by hand."""
    offered = question(ctx.issue.number, Kind.FORGE, (), "", ctx.decisions, ctx.milestone).verbs
    return "`retry` opens it again" if Verb.RETRY in offered else "open it again on the forge, then run again"


def _retries(ctx: StepContext) -> int:
    return sum(
        decision.verb is Verb.RETRY and any(finding.rule == RULE for finding in decision.findings)
        for decision in ctx.decisions
    )


def _labels(ctx: StepContext) -> tuple[str, ...]:
    gates = (Step.TEST_GATE, Step.INSPECT_GATE)
    labels = [label for gate in gates for label in ctx.evidence(gate, Passed).labels]
    return tuple(dict.fromkeys((*ctx.issue.labels, *labels)))


def _proposed(ctx: StepContext, pull: PullRequest, *, adopted: bool = False) -> Proposed:
    labels = tuple(sorted(pull.labels))
    return Proposed(pull.number, pull.url, labels, pull.state, adopted, retries=_retries(ctx))


def _stopped(ctx: StepContext, message: str, kind: Kind = Kind.FORGE) -> Proposed:
    problem = Finding(kind, Severity.CRITICAL, RULE, message)
    return Proposed(0, "", problem=problem, retries=_retries(ctx))
