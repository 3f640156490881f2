"""The first task of a milestone: its branch is made, and the tests run on it before any work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError, UsageError
from ..model import Bootstrapped, Finding, Kind, Severity, Tested, TreeSpec, Verb, is_empty
from ..policy import split
from ..policy.graph import BOOTSTRAP, COMPLETE
from ..policy.parts import suites
from ..policy.preflight import blocked_name, foresee
from ..policy.stops import HIDDEN, NOT_STARTED
from .base_tests import remember
from .flaky_tests import Reruns, SecondLook, judged, quarantined
from .gates import tests_by_hand
from .import_origin import imported_elsewhere
from .look_ahead import look_ahead
from .run_tests import coverage_gap
from .suites import added_up, run_each
from .target_policy import code_owners, policy_commit
from .task import MilestoneTask, Questions
from .test_environment import HOW_TO_START, environment, hidden_paths, how_to_show, never_started
from .tested import counted
from .workplace import not_set_up, release_trees, workplace
from .written_over import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..adapters.git import Git
    from ..model import Milestone
    from .run_context import RunContext


NOT_YET = "not run yet, because of the question about the branch"
"""What is said of a baseline that waits for the answer about what the forge refuses."""


class Bootstrap(MilestoneTask[Bootstrapped]):
    """Make the milestone branch and measure its baseline."""

    shape = Bootstrapped

    def works_from(self, ctx: RunContext) -> Mapping[str, Any]:
        """Return the branches, the repository, the test command, and the retries that people asked for."""
        plan = ctx.milestone
        retries = retried(ctx)
        return {
            "plan.branch": plan.branch,
            "plan.target": plan.target,
            "plan.repository": plan.repository,
            "plan.commands.test": plan.commands.test,
            **({"retry decisions": retries} if retries else {}),
            **({"plan.commands.parts": plan.commands.parts} if plan.commands.parts else {}),
            **({"plan.tree": plan.tree} if plan.tree != TreeSpec() else {}),
            **({"quarantine": quarantine} if (quarantine := quarantined(plan)) else {}),
        }

    def blockers(self, ctx: RunContext) -> Questions:
        """Return what keeps the milestone branch from being made, and what the forge will refuse later."""
        local, name = ctx.branches.heads, ctx.milestone.branch
        why = blocked_name(name, local, ctx.remote.heads if ctx.remote else None)
        if why:
            return Questions((foresee("branch-name", *why),))
        return Questions(_refused(_foreseen(ctx)))

    def run(self, ctx: RunContext) -> Bootstrapped:
        """Make the milestone branch where it is missing, and run the tests on it."""
        milestone, git = ctx.milestone, ctx.git
        head, refused = _milestone_branch(ctx), None
        is_new = ctx.world.heads.get(milestone.branch) is None
        if is_new:
            head, refused = _push_branch(git, milestone.branch, head)
        foreseen = _foreseen(ctx)  # again after the push: some rules are told of a branch only once it is there
        if is_new and (refused or _refused(foreseen)):
            unmeasured = Tested(head, 0, problem=NOT_YET)
            return Bootstrapped(milestone.branch, head, unmeasured, refused=refused, preflight=foreseen)
        split.refuse_commands(ctx.options, "the baseline is measured")
        tested, tree = _tip(ctx, head) or head, ctx.project.tree(milestone, "base")
        if not git.has(tested):
            git.fetch(milestone.branch)
        logs = ctx.store.logs("baseline")
        place = workplace(ctx, tree, tested, "base", "base", logs / "setup.log")
        watched = Watched(git, tree, tested, "base")
        log, wanted = logs / "test.log", suites(milestone.commands)
        look = SecondLook(Reruns(ctx.outside.processes, wanted, place, log), milestone.flaky.reruns)
        results, flaky = look.at_commands(run_each(ctx.outside.processes, wanted, place, log))
        remember(ctx.store.test_results, tested, results)
        result = added_up(results)
        tests = judged(look, result, counted(result, tested, quarantine=quarantined(milestone)))
        tests = replace(tests, unmeasured=_unmeasured(milestone), flaky={**flaky, **tests.flaky})
        tests = replace(tests, rewritten=watched.rewritten())
        release_trees(ctx, tree)
        absent = git.absent_submodules(head) if milestone.tree.submodules else ()
        policy = policy_commit(ctx)
        unowned = _unowned(ctx, policy)
        known = tuple(one for one in foreseen if one not in _refused(foreseen))
        settings = environment(milestone)
        made = Bootstrapped(milestone.branch, head, tests, absent, settings, refused, policy, unowned)
        return replace(made, preflight=known)

    def findings(self, ctx: RunContext, evidence: Bootstrapped) -> Questions:
        """Return what the forge will refuse, why the branch was not pushed, or what fails in the baseline."""
        foreseen = _refused(evidence.preflight)
        measured = self._measured(ctx, evidence)
        if foreseen and evidence.tests.problem == NOT_YET:
            return Questions((*foreseen, *measured.findings))
        return replace(measured, findings=(*foreseen, *measured.findings), change=measured.change or evidence.head)

    def _measured(self, ctx: RunContext, evidence: Bootstrapped) -> Questions:
        tests = evidence.tests
        if evidence.refused:
            return Questions((evidence.refused,), evidence.head)
        if tests.problem == NOT_YET:
            return Questions()
        if tests.set_up:
            return Questions((not_set_up(tests.set_up, tests.details.get("", "")),), evidence.head)
        if tests.imports and tests.imports.elsewhere:
            return Questions(imported_elsewhere(tests.imports), evidence.head)
        hidden = hidden_paths(ctx, ctx.project.tree(ctx.milestone, "base"), tests)
        failures = [
            _failure(HIDDEN if name in hidden else "failed", name, tests.details.get(name)) for name in tests.failed
        ]
        if tests.problem and not is_empty(tests.problem):
            rule = NOT_STARTED if never_started(tests) else "problem"
            failures.append(_failure(rule, tests.problem, tests.details.get("")))
        if not failures:
            return Questions()
        start = [HOW_TO_START] if failures[-1].rule == NOT_STARTED else []
        listing = (
            *how_to_show(hidden),
            *start,
            *tests_by_hand(ctx, "baseline", "base", suites(ctx.milestone.commands)),
        )
        return Questions(tuple(failures), evidence.head, listing)

    def measures_again(self, ctx: RunContext, evidence: Bootstrapped) -> str | None:
        """Return why each run looks anew while its question is open: what made it ask may be over."""
        if evidence.refused:
            return "the push was refused, and each run tries again"
        if _refused(evidence.preflight):
            return "the forge would refuse the work, and each run looks again"
        return "tests failed, and each run looks again" if self.findings(ctx, evidence).findings else None

    def drift(self, ctx: RunContext, evidence: Bootstrapped) -> str | None:
        """Return what the baseline rests on that moved, while issues are left to do."""
        if ctx.adapters is None or ctx.remote is None or ctx.store.markers.read(COMPLETE) is not None:
            return None
        if evidence.tests.problem == NOT_YET:
            return "the tests have not run yet"
        here = evidence.environment if ctx.options.no_commands else environment(ctx.milestone)
        if evidence.environment and evidence.environment != here:
            return "what the tests run in has changed"
        tip = _tip(ctx, ctx.branches.heads.get(ctx.milestone.branch))
        moved = tip not in {None, evidence.tests.head}
        return f"{ctx.milestone.branch} moved to {str(tip)[:10]}" if moved else None


def _foreseen(ctx: RunContext) -> tuple[Finding, ...]:
    """Return what the forge will refuse, and what else a person should know of it; nothing in a job without rights."""
    if ctx.options.mirror:
        return ()
    branches = {issue.number: ctx.branch(issue) for issue in ctx.milestone.issues}
    return look_ahead(ctx.milestone, ctx.git, ctx.outside.forge, branches)


def _refused(foreseen: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(one for one in foreseen if one.severity is Severity.CRITICAL)


def _unowned(ctx: RunContext, policy: str) -> tuple[str, ...]:
    """Return what is wrong with CODEOWNERS on the target branch, where the plan asks code owners."""
    if not any(rule.codeowners for rule in ctx.milestone.approvers.values()):
        return ()
    owners = code_owners(ctx, policy)
    return tuple(f"{owners.path}: {problem}" for problem in owners.problems)


def _unmeasured(milestone: Milestone) -> str | None:
    """Return why coverage is not measured, of the first test command of which it is not."""
    gaps = (coverage_gap(suite.commands.test, milestone.limits.coverage) for suite in suites(milestone.commands))
    return next(filter(None, gaps), None)


def _failure(rule: str, message: str, output: str | None) -> Finding:
    return Finding(Kind.BASELINE, Severity.CRITICAL, rule, message, detail=output or None)


def _tip(ctx: RunContext, local: str | None) -> str | None:
    """Return the commit that issues start from: the remote's, where it goes on from the local branch."""
    remote = ctx.remote.heads.get(ctx.milestone.branch) if ctx.remote else None
    if local is None or remote is None or remote == local:
        return local
    return remote if not ctx.git.has(remote) or ctx.git.is_ancestor(local, remote) else local


def retried(ctx: RunContext) -> list[int]:
    """Return the decisions that ask for another look at the baseline."""
    decisions = ctx.store.decisions.all()
    return [one.id for one in decisions if one.gate == BOOTSTRAP and one.verb is Verb.RETRY]


def _push_branch(git: Git, name: str, head: str) -> tuple[str, Finding | None]:
    """Push the milestone branch; where another job of the same run was first, its branch is the one.

    Returns its commit, and why the remote refuses it, None where it does not.
    """
    try:
        return git.push(head, name, None), None
    except OutsideError as error:
        pushed = git.remote_heads().get(name)
        if pushed is None:
            return head, Finding(Kind.FORGE, Severity.CRITICAL, "push", f"{name} cannot be pushed: {error.what}")
        git.fetch(name)
        if pushed != head and git.is_ancestor(head, pushed):
            git.set_branch(name, pushed, head)
        elif pushed != head:
            raise
        return pushed, None


def _milestone_branch(ctx: RunContext) -> str:
    """Return the milestone branch's commit; make the branch from the remote's or from the target where missing."""
    git, name = ctx.git, ctx.milestone.branch
    local, remote = git.head(name), ctx.world.heads.get(name)
    if local is not None:
        return local
    if remote is not None:
        git.fetch(name)
    head = remote or _target(ctx)
    git.set_branch(name, head, None)
    return head


def _target(ctx: RunContext) -> str:
    """Return the target branch's commit."""
    git, name = ctx.git, ctx.milestone.target
    local, remote = git.head(name), ctx.world.heads.get(name)
    if local is None and remote is not None:
        git.fetch(name)
    head = local or remote
    if head is None:
        plan = ctx.project.shown_plan(ctx.milestone.id)
        raise UsageError(
            f"The target branch {name} does not exist in {git.repository}.",
            f"Commit something on it first, or name another one in {plan} (`target:`).",
        )
    return head
