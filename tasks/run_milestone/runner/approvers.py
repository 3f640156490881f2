"""Find out whose answers count at the gates of a run, from the plan, the paths that are shown and who made them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.user import account, whoami
from ..model import Kind
from ..policy import signatures
from ..policy.approvers import needs, rules, several
from ..policy.gating import gate_names
from ..policy.teams import bare, compared
from ..policy.topics import split
from ..steps.own_change import changed_between, makers_of
from ..steps.target_policy import code_owners, policy_commit, signers_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model import Approval, Gate, Need
    from ..steps.run_context import RunContext


@dataclass(frozen=True, slots=True)
class Rights:
    """Whose answers count, by gate, and by which names the operator of this run is known."""

    needs: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)
    operator: tuple[str, ...] = ()
    by_runner: frozenset[str] = frozenset()
    """Sources of the answers that the run itself gives, as for `--autonomous`."""
    signers: Mapping[Approval, tuple[str, ...] | str] = field(default_factory=dict)
    """Who signed an answer, or why its signature does not count. A file's source is what it says, so it is no key."""
    policy: str = ""
    """The commit of the target branch whose allowed signers that is by."""
    account: str = ""
    """The operator's account on the forge, where it matters."""

    def names(self, approval: Approval) -> tuple[str, ...]:
        """Return the names of who gave an answer: those of its signature, a login, or what a file claims.

        Only the operator's file has the names in their git as well: a comment proves its login and nothing else.
        """
        signers = self.signers.get(approval)
        if isinstance(signers, tuple):
            return signers
        is_operators = approval.comment is None and bare(approval.who) == bare(whoami())
        return (approval.who, *(self.operator if is_operators else ()))

    def person(self, approval: Approval) -> frozenset[str]:
        """Return all names of who gave an answer, as they are compared: the operator has several ways to answer."""
        names, operator = compared(self.names(approval)), compared((whoami(), self.account, *self.operator))
        return names | operator if names & operator else names


def rights(
    ctx: RunContext, gates: Iterable[str], approvals: Iterable[Approval], by_runner: frozenset[str] = frozenset()
) -> Rights:
    """Return whose answers count at these gates now, and who signed these approvals."""
    signed = {one: _signer(ctx, one) for one in approvals if one.signed is not None}
    policy = policy_commit(ctx) if signed else ""
    if not ctx.milestone.approvers:
        return Rights(by_runner=by_runner, signers=signed, policy=policy)
    needed = {name: needs_at(ctx, name, ctx.store.gates.read(name)) for name in gates}
    operator = _operator(ctx, needed)
    account = _account(ctx, needed, operator)
    return Rights(_with_account(needed, operator, account), operator, by_runner, signed, policy, account)


def names_now(ctx: RunContext) -> tuple[str, ...]:
    """Return the operator's account on this machine, and the names that their git has configured now."""
    return (account(), *ctx.git.operator)


def _operator(ctx: RunContext, gates: Iterable[str]) -> tuple[str, ...]:
    """Return every name of the operator: today's first, then those of earlier runs and of commits made here.

    Another `user.email` makes nobody another person: the account on this machine stays the same.
    """
    now, starts = names_now(ctx), ctx.store.journal.entries()
    before = (entry.get("operator") or () for entry in starts if entry.get("event") == "run started")
    earlier = (name for names in before if now[0] in names for name in names)
    branches = (ctx.branch(ctx.issues[name]) for name in gates if name in ctx.issues)
    here = (name for branch in branches for name in ctx.git.movers(branch))
    return tuple(dict.fromkeys((*now[1:], *earlier, *here)))


def _account(ctx: RunContext, needed: Mapping[str, tuple[Need, ...]], operator: tuple[str, ...]) -> str:
    """Return the operator's account on the forge, where somebody's answer may depend on it; else nothing is asked."""
    matters = any(several(some) or any(_excludes(need, operator) for need in some) for some in needed.values())
    return ctx.outside.forge.login if matters else ""


def _with_account(
    needed: Mapping[str, tuple[Need, ...]], operator: tuple[str, ...], account: str
) -> dict[str, tuple[Need, ...]]:
    """Return needs that also exclude the operator's account on the forge, where they exclude the operator."""

    def widened(need: Need) -> Need:
        return replace(need, excluded=(*need.excluded, account)) if _excludes(need, operator) else need

    return {name: tuple(map(widened, some)) for name, some in needed.items()}


def _excludes(need: Need, operator: tuple[str, ...]) -> bool:
    return not {*map(bare, operator)}.isdisjoint(map(bare, need.excluded))


def _signer(ctx: RunContext, approval: Approval) -> tuple[str, ...] | str:
    """Return by which names the target branch knows who signed an answer, or why the signature does not count."""
    from ..adapters.process.ssh_keygen import signers_of

    if approval.gate not in gate_names(ctx.milestone) or approval.signed is None:
        return "it answers no gate"
    gate, now = ctx.store.gates.read(approval.gate), datetime.now(UTC)
    why = signatures.differs(approval, ctx.milestone.id) or signatures.untimely(approval, gate, now)
    used = [one.id for one in ctx.store.decisions.answers() if one.source == approval.source]
    if used or why:
        return f"its signature was used before, for decision {used[0]}" if used else str(why)
    allowed = signers_at(ctx.git, policy_commit(ctx))
    if allowed is None:
        return f"{ctx.milestone.target} does not say whose signatures count, in {' or '.join(signatures.SIGNERS)}"
    return signers_of(
        ctx.outside.processes,
        approval.signed.statement,
        approval.signed.signature,
        namespace=signatures.NAMESPACE,
        allowed=allowed,
        when=datetime.fromisoformat(approval.when),
    )


def needs_at(ctx: RunContext, name: str, gate: Gate | None) -> tuple[Need, ...]:
    """Return whose answers a gate needs; where none of that name is open, what holds at every other stop."""
    if not ctx.milestone.approvers:
        return ()
    changes = {issue: span for issue in _issues(name, gate) if (span := changed_between(ctx, issue)) is not None}
    paths = _shown_paths(gate) or [path for span in changes.values() for path in ctx.git.changed(*span, gone=True)]
    kinds = [question.kind for question in split(gate).values()] if gate else [None]
    chosen = dict.fromkeys(rule for kind in kinds for rule in rules(ctx.milestone.approvers, kind, paths))
    excludes = any(one.excluded for one in chosen)
    made_by = [who for issue, span in changes.items() if excludes for who in makers_of(ctx, issue, span)]
    owners = code_owners(ctx, policy_commit(ctx)).of(paths) if any(one.codeowners for one in chosen) else ()
    return needs(chosen, owners, tuple(dict.fromkeys(made_by)))


def _issues(name: str, gate: Gate | None) -> list[str]:
    """Return the issues that a gate is about: its own, or those that a phase lists with a change."""
    if gate is not None and gate.kind is Kind.PHASE:
        return [item.rule for item in gate.findings if item.change]
    return [name]


def _shown_paths(gate: Gate | None) -> list[str]:
    """Return the paths of what is shown; none where something has no path, so that all of the change counts."""
    paths = [finding.path for finding in gate.findings] if gate else []
    return [path for path in paths if path] if all(paths) else []
