"""The one shape of a task: the steps of an issue and the milestone's own tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..core.errors import UserError
from ..core.serialize import digest
from ..model import Decision, Finding, Kind, Severity, Step, Verb
from ..policy.stops import LOOKED_AT_AGAIN, STOPS
from ..policy.topics import kinds
from .run_context import RunContext
from .step_context import StepContext

if TYPE_CHECKING:
    from collections.abc import Iterator

Inputs = Mapping[str, str]
"""Short digests of what a task works from, by name. A name is data: it stands in the markers of running milestones."""

C = TypeVar("C")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask a person: findings, the identity of the change they are about, and lines shown with them."""

    findings: tuple[Finding, ...] = ()
    change: str = ""
    listing: tuple[str, ...] = ()


class Task(Generic[C, E]):
    """One task of the graph. `C` is the context it works from, `E` the evidence it leaves."""

    shape: type[E]
    """The type of the evidence."""
    is_gate = False
    """Whether it only asks: then its evidence is how the question was passed."""

    def works_from(self, ctx: C) -> Mapping[str, Any]:
        """Return what the task works from, by name. No effects: this is called to decide whether it must run."""
        raise NotImplementedError

    def inputs(self, ctx: C) -> Inputs:
        """Return what the task's marker is compared with."""
        return {name: digest(value)[:16] for name, value in self.works_from(ctx).items()}

    def is_needed(self, ctx: C) -> bool:
        """Return whether the task has anything to do; one without a marker that has not counts as done."""
        _ = ctx
        return True

    def is_done(self, ctx: C) -> bool:
        """Return whether the effect is there already, so that running the task only adopts it."""
        _ = ctx
        return False

    def blockers(self, ctx: C) -> Questions:
        """Return what to ask before the task runs."""
        _ = ctx
        return Questions()

    def run(self, ctx: C) -> E:
        """Do the task and return the evidence; a gate has nothing to do."""
        raise NotImplementedError

    def findings(self, ctx: C, evidence: E) -> Questions:
        """Return what to ask after the task ran."""
        _ = ctx, evidence
        return Questions()

    def measures_again(self, ctx: C, evidence: E) -> str | None:
        """Return why a run takes a fresh measurement while the question about this one is open; None where it holds."""
        _ = ctx, evidence
        return None

    def drift(self, ctx: C, evidence: E) -> str | None:
        """Return how the remote or the forge contradicts the evidence; None where it agrees or was not asked."""
        _ = ctx, evidence
        return None


class IssueStep(Task[StepContext, E]):
    """A step of an issue's chain. A new one is a subclass in a file of its own, a row in the registry, and its words.

    Its inputs are the `fields` of the issue's plan entry, the `settings` of the plan, the retries that people asked
    for, and what `earlier` returns: an edit of anything else leaves the step alone.
    """

    name: Step
    fields: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    later_settings: Mapping[str, Any] = {}
    """Settings that came later, with their defaults. At its default one is left out, so that older markers hold."""

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return what the step works from that earlier steps left, and the commit it looks at, by name."""
        raise NotImplementedError

    def works_from(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return everything the step works from, by name."""
        return dict(self._values(ctx))

    def inputs(self, ctx: StepContext) -> Inputs:
        """Return what the step's marker is compared with. All issues share the plan's settings."""
        values = self.works_from(ctx).items()
        return {name: (_shared if name.startswith("plan.") else digest)(value)[:16] for name, value in values}

    def _values(self, ctx: StepContext) -> Iterator[tuple[str, Any]]:
        for name in self.fields:
            yield f"issue.{name}", getattr(ctx.issue, name)
        for name in self.settings:
            yield f"plan.{name}", _setting(ctx, name)
        for name, default in self.later_settings.items():
            if (value := _setting(ctx, name)) != default:
                yield f"plan.{name}", value
        retries = [decision.id for decision in ctx.decisions if self.is_retried_by(decision)]
        if retries:
            yield "retry decisions", retries
        yield from self.earlier(ctx).items()

    def is_retried_by(self, decision: Decision) -> bool:
        """Return whether a decision has this step look again; one about several questions is about each of them."""
        if decision.kind is Kind.FAILED:
            return decision.verb is Verb.RETRY and any(one.rule == self.name for one in decision.findings)
        again = (kind for kind in kinds(decision) if decision.verb is Verb.RETRY or kind in LOOKED_AT_AGAIN)
        found_by = (STOPS[kind].found_by.split(", ") for kind in again)
        return decision.verb in {Verb.RETRY, Verb.ABORT} and any(self.name in names for names in found_by)

    def findings(self, ctx: StepContext, evidence: E) -> Questions:
        """Return the problem that the evidence holds, if any."""
        _ = ctx
        problem = getattr(evidence, "problem", None)
        return Questions((problem,) if problem else ())


class MilestoneTask(Task[RunContext, E]):
    """A task of the milestone itself."""


def failure(step: Step, error: UserError | OSError) -> Finding:
    """Return what to ask where a step could not finish. The rule names the step that a retry runs again."""
    if isinstance(error, UserError):
        return Finding(Kind.FAILED, Severity.CRITICAL, step, error.what, detail=error.do)
    what = f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error)
    return Finding(Kind.FAILED, Severity.CRITICAL, step, what)


_DIGESTS: dict[int, tuple[Any, str]] = {}
"""Settings by their identity, each with its digest. Held, so that no other value gets the identity of one."""


def _shared(setting: Any) -> str:
    """Return the digest of a frozen setting, which is computed once."""
    if id(setting) not in _DIGESTS:
        _DIGESTS[id(setting)] = setting, digest(setting)
    return _DIGESTS[id(setting)][1]


def _setting(ctx: StepContext, name: str) -> Any:
    value: Any = ctx.milestone
    for part in name.split("."):
        value = getattr(value, part)
    return value
