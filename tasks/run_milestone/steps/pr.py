"""pr: the issue's pull request exists and says what is true; never two of one branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    Severity,
    Step,
    Tested,
    Verb,
    pull_of,
)
from ..policy.gating import question
from ..render import pull_request
from .base_branch import stands_on
from .push import wrong_way

if TYPE_CHECKING:
    from ..model import PullRequest
    from .context import Job

RULE = "pull request"
"""What a finding about a pull request is called."""


def pr(job: Job) -> Proposed:
    """Look for the pull request by its branch, make it or bring it up to date, and take what the forge says back."""
    if wrong := wrong_way(job, stands_on(job).branch, {job.milestone.target}):
        return _stopped(job, f"The pull request is refused: {wrong}", Kind.TARGET)
    try:
        found = _find(job)
        if found is not None and found.state == "merged":
            return _proposed(job, found)
        if found is not None and found.state == "closed":
            return _closed(job, found)
        if found is None:
            return _proposed(job, _create(job))
        return _proposed(job, _update(job, found), adopted=True)
    except OutsideError as error:
        return _stopped(job, error.what)


def _find(job: Job) -> PullRequest | None:
    return pull_of(job.branch, job.hands.forge.pulls(job.branch))


def _create(job: Job) -> PullRequest:
    try:
        return job.hands.forge.create(job.branch, _proposal(job))
    except OutsideError:
        found = _find(job)
        if found is None:
            raise
        return found


def _update(job: Job, found: PullRequest) -> PullRequest:
    made = job.hands.forge.edit(found.number, _proposal(job))
    return job.hands.forge.set_draft(found.number, draft=False) if made.draft else made


def label(job: Job, labels: tuple[str, ...]) -> None:
    """Put labels on the open pull request that only became known after it was made."""
    found = _find(job)
    if found is not None and found.state == "open":
        job.hands.forge.label(found.number, *labels)


def unlabel(job: Job, name: str) -> None:
    """Take a label from the open pull request that is true of it no longer."""
    found = _find(job)
    if found is not None and found.state == "open" and name in found.labels:
        job.hands.forge.unlabel(found.number, name)


def _proposal(job: Job) -> Proposal:
    title = pull_request.title(job.milestone, job.issue)
    return Proposal(title, pull_request.body(_facts(job)), stands_on(job).branch, _labels(job))


def _facts(job: Job) -> pull_request.Facts:
    return pull_request.Facts(
        job.milestone,
        job.issue,
        job.found(Step.IMPLEMENT, Implemented),
        job.found(Step.TEST, Tested),
        job.found(Step.INSPECT, Inspected),
        job.decisions,
        changed_files(job.hands.git.diff(job.base, job.head or "", "--unified=0")),
        stands_on(job).branch,
        below(job),
    )


def below(job: Job) -> tuple[int, ...]:
    """Return the pull requests that this one stands on."""
    made = (job.state.markers.evidence(f"{number}:{Step.PR}", Proposed) for number in stands_on(job).issues)
    return tuple(proposed.number for proposed in made if proposed and not proposed.problem)


def _closed(job: Job, found: PullRequest) -> Proposed:
    """Open a pull request again that a person closed, but only when a person asks for it after that."""
    before = job.state.markers.evidence(f"{job.issue.number}:{Step.PR}", Proposed)
    if before is None or before.retries >= _retries(job):
        return _stopped(job, f"PR #{found.number} was closed; {_way_back(job)}")
    return _proposed(job, _update(job, job.hands.forge.reopen(found.number)), adopted=True)


def _way_back(job: Job) -> str:
    """Return how a closed pull request is opened again: by an answer while one is offered, else by hand."""
    offered = question(job.issue.number, Kind.FORGE, (), "", job.decisions, job.milestone).verbs
    return "`retry` opens it again" if Verb.RETRY in offered else "open it again on the forge, then run again"


def _retries(job: Job) -> int:
    return sum(
        decision.verb is Verb.RETRY and any(finding.rule == RULE for finding in decision.findings)
        for decision in job.decisions
    )


def _labels(job: Job) -> tuple[str, ...]:
    gates = (Step.TEST_GATE, Step.INSPECT_GATE)
    found = [label for gate in gates for label in job.found(gate, Passed).labels]
    return tuple(dict.fromkeys((*job.issue.labels, *found)))


def _proposed(job: Job, pull: PullRequest, *, adopted: bool = False) -> Proposed:
    labels = tuple(sorted(pull.labels))
    return Proposed(pull.number, pull.url, labels, pull.state, adopted, retries=_retries(job))


def _stopped(job: Job, message: str, kind: Kind = Kind.FORGE) -> Proposed:
    problem = Finding(kind, Severity.CRITICAL, RULE, message)
    return Proposed(0, "", problem=problem, retries=_retries(job))
