"""landing: a milestone's pull requests go into its branch, in order; then its own is opened, for people to merge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .answers import nobody
from .drive import drive
from .due import SKIPPED
from .errors import ExitCode, OutsideError
from .graph import COMPLETE, phase_name, step_name
from .making import Manner
from .model import Finding, Kind, Landed, LandedIssue, Proposal, Pushed, Reviewed, Severity, Step, pull_of
from .policy import AGAIN
from .reconciling import record_merge
from .running import heed_signals
from .session import Session
from .sharing.run import Alone, Together
from .show import landing as words
from .show.voice import Voice
from .stack import retargets
from .steps.awaiting import await_checks
from .steps.base import conflict_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Issue, Milestone, PullRequest
    from .project import Project

QUESTIONS = frozenset({Kind.CONFLICT, Kind.CHECKS, Kind.CHECKS_PENDING, Kind.FORGE})
"""What landing asks about. Its question stays while it is not answered; the next landing looks for itself again."""


def land(project: Project, milestone: Milestone, *, shared: bool = False) -> int:
    """Land a milestone, and go on where an earlier landing stopped or was killed; a `shared` state is on the remote."""
    sharing = Together() if shared else Alone()
    session = Session(project, milestone, Voice(), Manner(doing="Landing"), sharing)
    heed_signals()
    try:
        session.begin()
        return _finish(session, done=_land(session))
    except KeyboardInterrupt:
        session.finish(hurried=True)
        raise
    finally:
        session.end()


def _finish(session: Session, *, done: bool) -> ExitCode:
    session.look_back()
    waiting = bool(session.state.gates.all())
    session.finish()
    return ExitCode.DONE if done else ExitCode.WAITING if waiting else ExitCode.FAILED


def _land(session: Session) -> bool:
    if session.aborted:
        return False
    if any(_answered_with_work(session, issue) for issue in session.milestone.issues):
        drive(session, nobody)
    hindered = list(hindrances(session))
    if hindered:
        session.forget(COMPLETE)  # a run has something to do
        session.voice.say(words.hindered(session.milestone, hindered))
        return False
    landing = Landing(session)
    return all(landing.brings_in(issue) for issue in in_order(session)) and landing.proposes()


def foretell_landing(project: Project, milestone: Milestone) -> str:
    """Return what would land and in which order; the remote and the forge are asked, nothing is changed."""
    from .hands.opening import open_forge, open_git
    from .hands.process import Processes

    session, processes = Session(project, milestone, Voice()), Processes()
    try:
        with session.looking():
            hindered = list(hindrances(session))
            if hindered:
                return "\n".join([*words.hindered(milestone, hindered)[1:], ""])
            forge = open_forge(milestone, open_git(project, milestone, processes, make=False), processes)
            pulls = forge.pulls(*session.state.roster.branches(milestone).values())
            return "\n".join([*words.foretold(milestone, _steps(session, pulls)), ""])
    finally:
        processes.stop()


def _steps(session: Session, pulls: tuple[PullRequest, ...]) -> Iterator[str]:
    branch, branches = session.milestone.branch, session.state.roster.branches(session.milestone)
    for issue in in_order(session):
        pull = pull_of(session.state.roster.branch(session.milestone, issue), pulls)
        if session.due.settled(issue.number) == SKIPPED or pull is None:
            yield f"· #{issue.number} is left out: {'it is skipped' if pull else 'it has no pull request'}"
        elif pull.state == "merged":
            yield f"· PR #{pull.number} has landed (#{issue.number})"
        else:
            moved = {other.number for other in retargets(session.milestone, pull, pulls, branches)}
            yield from (f"→ PR #{number} goes to {branch}" for number in sorted(moved))
            yield f"→ PR #{pull.number} lands (#{issue.number} {issue.title})"
            pulls = tuple(replace(other, base=branch) if other.number in moved else other for other in pulls)
            pulls = tuple(replace(other, state="merged") if other.number == pull.number else other for other in pulls)


def in_order(session: Session) -> list[Issue]:
    """Return the issues in the order in which they land: each after those that it depends on."""
    issues = {issue.number: issue for issue in session.milestone.issues}
    return [issues[node.issue] for node in session.due.nodes.values() if node.group and node.issue]


def _answered_with_work(session: Session, issue: Issue) -> bool:
    """Return whether a question of a landing was answered by another attempt that is still to be made."""
    own = [decision for decision in session.state.decisions.all() if decision.gate == issue.number]
    asked = bool(own) and own[-1].verb in AGAIN and own[-1].kind in QUESTIONS
    return asked and not session.due.settled(issue.number) and session.due.unready(issue.number) is not None


def hindrances(session: Session) -> Iterator[str]:
    """Yield what keeps the milestone from landing: it lands as a whole, so all of it is finished or skipped."""
    due = session.due
    skipped = {issue.number for issue in session.milestone.issues if due.settled(issue.number) == SKIPPED}
    for issue in session.milestone.issues:
        if due.settled(issue.number):
            continue
        if why := due.unready(issue.number):
            yield f"#{issue.number} is not finished ({why})"
        elif below := sorted(skipped.intersection(issue.depends_on)):
            way_out = f"skip it as well, or take that back (`unskip` at {below[0]})"
            yield f"#{issue.number} holds the work of #{below[0]}, which is skipped: {way_out}"
    for phase in session.milestone.phases:
        if session.due.why(due.nodes[phase_name(phase.number)]):
            yield f"phase {phase.number} is not approved"
    for gate in session.state.gates.all():
        if gate.kind not in QUESTIONS:
            yield f"gate {gate.gate} waits for {' | '.join(gate.verbs)}"


@dataclass(slots=True)
class Landing:
    """One landing: for each pull request look, act, read back, record; nothing is done twice."""

    session: Session

    def brings_in(self, issue: Issue) -> bool:
        """Bring an issue's work into the milestone branch; returns whether the next may follow."""
        if self.session.due.settled(issue.number) == SKIPPED:
            return True
        branches = self.session.state.roster.branches(self.session.milestone)
        pulls = self.session.hands.forge.pulls(*branches.values())
        pull = pull_of(branches[issue.number], pulls)
        if pull is not None and pull.state == "merged":
            self._record(issue, pull)
            return True
        why = _unfit(pull, self._pushed(issue))
        if pull is None or why is not None:
            self.session.forget(COMPLETE)  # a run has something to do
            self.session.voice.say([f"✗ #{issue.number}: {why}"])
            return False
        self._retarget(pull, pulls)
        return self._asks_nothing(issue, pull) and self._merge(issue, pull)

    def _pushed(self, issue: Issue) -> str:
        pushed = self.session.state.markers.evidence(step_name(issue.number, Step.PUSH), Pushed)
        return pushed.head if pushed else ""

    def _retarget(self, pull: PullRequest, pulls: tuple[PullRequest, ...]) -> None:
        """Make what stands on this branch stand on the milestone branch, before it is merged."""
        branch, branches = self.session.milestone.branch, self.session.state.roster.branches(self.session.milestone)
        for other in retargets(self.session.milestone, pull, pulls, branches):
            found = self.session.hands.forge.retarget(other.number, branch)
            if found.base != branch:
                raise OutsideError(
                    f"PR #{other.number} still goes to {found.base}, not to {branch}.", "Set its base, then land again."
                )
            self.session.voice.say([f"✓ PR #{other.number} goes to {branch} now, no longer to {other.base}"])

    def _asks_nothing(self, issue: Issue, pull: PullRequest) -> bool:
        """Return whether the pull request merges cleanly and its checks passed; else its question is put."""
        head, hands, milestone = self._pushed(issue), self.session.hands, self.session.milestone
        clash = conflict_with(hands.git, pull.head, head, milestone.branch, self._tip())
        with self.session.voice.working(f"{issue.number}:land"):
            found = (clash,) if clash else await_checks(hands, pull.number, milestone.checks)
        return self.session.passes(issue.number, found, self._change(issue))

    def _change(self, issue: Issue) -> str:
        reviewed = self.session.state.markers.evidence(step_name(issue.number, Step.REVIEW), Reviewed)
        return reviewed.change if reviewed else ""

    def _tip(self) -> str:
        """Return the commit that the milestone branch is at on the remote, with its objects here."""
        git, name = self.session.hands.git, self.session.milestone.branch
        tip = git.remote_heads().get(name)
        if tip is None:
            raise OutsideError(f"Branch {name} is gone from the remote.", "Push it again, then land again.")
        if not git.has(tip):
            git.fetch(name)
        return tip

    def _merge(self, issue: Issue, pull: PullRequest) -> bool:
        head = self._pushed(issue)
        try:
            merged = self.session.hands.forge.merge(pull.number, head=head)
        except OutsideError as error:
            refused = Finding(Kind.FORGE, Severity.CRITICAL, "merge", error.what)
            return self.session.passes(issue.number, (refused,), self._change(issue))
        if merged.state != "merged" or not self.session.hands.git.is_ancestor(head, self._tip()):
            branch = self.session.milestone.branch
            raise OutsideError(
                f"PR #{pull.number} was merged, and {branch} does not hold {head[:10]}.", "Look at it, then land again."
            )
        self._record(issue, merged)
        return True

    # ---- the record -------------------------------------------------------------------------------------------

    def _landed(self) -> Landed:
        milestone = self.session.milestone
        empty = Landed(milestone.id, milestone.branch, milestone.target)
        known = self.session.state.landed() or empty
        return known if (known.branch, known.target) == (empty.branch, empty.target) else empty

    def _record(self, issue: Issue, pull: PullRequest) -> None:
        """Record that a pull request landed, once, after it was read back; that makes its issue done."""
        landed = self._landed()
        if all(known.pr != pull.number for known in landed.issues):
            self._note(landed, issue, pull)
        record_merge(self.session.due, issue, pull)

    def _note(self, landed: Landed, issue: Issue, pull: PullRequest) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        one = LandedIssue(issue.number, pull.number, pull.head_sha or self._pushed(issue), self._tip(), at)
        self.session.state.write_landed(replace(landed, issues=(*landed.issues, one)))
        self.session.state.journal.add("landed", issue=issue.number, pr=pull.number, head=one.head)
        self.session.voice.say([f"✓ PR #{pull.number} landed on {landed.branch} (#{issue.number} {issue.title})"])

    # ---- the milestone's own pull request ---------------------------------------------------------------------

    def proposes(self) -> bool:
        """Open the milestone's pull request, or bring it up to date; people merge it."""
        session, milestone, landed = self.session, self.session.milestone, self._landed()
        if not landed.issues:
            session.voice.say(["", "✗ Nothing landed: every issue is skipped"])
            return False
        forge = session.hands.forge
        found = pull_of(milestone.branch, forge.pulls(milestone.branch))
        body = words.body(milestone, session.state, landed)
        proposal = Proposal(words.title(milestone), body, milestone.target)
        if found is None:
            found = forge.create(milestone.branch, proposal)
        elif found.state == "open":
            found = forge.edit(found.number, proposal)
        elif found.state == "merged":
            self._close()
        new = landed.pr != found.number
        session.state.write_landed(replace(landed, pr=found.number, url=found.url, state=found.state))
        session.voice.say(words.proposed(milestone, found, new=new))
        return found.state != "closed"

    def _close(self) -> None:
        """Close the forge's milestone of the same title, where it has one: people merged what it was for."""
        forge, title = self.session.hands.forge, self.session.milestone.title
        if forge.issues(title):
            forge.close_milestone(title)
            self.session.voice.say([f"✓ The milestone “{title}” is closed on the forge"])


def _unfit(pull: PullRequest | None, pushed: str) -> str | None:
    """Return why a pull request cannot be merged as it stands; None where it can."""
    if pull is None:
        return "its pull request is gone; a run makes it again"
    if pull.state == "closed":
        return f"PR #{pull.number} was closed; a run asks about it"
    if pull.draft:
        return f"PR #{pull.number} is a draft; mark it ready for review, or let a run do so"
    if pull.head_sha is not None and pull.head_sha != pushed:
        return f"PR #{pull.number} moved to {pull.head_sha[:10]} since it was reviewed; a run looks at it"
    return None
