"""A gate on the terminal: its question, the verbs and commands that answer it, and why it asks or lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Kind, Verb
from ..policy import budget
from ..policy.stops import STOPS
from .phrases import PURPOSE, found_at, headline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Gate, Passed

TAIL = 15
"""Lines of a failed check's log that are shown; the agent is sent more."""


def question(asked: Gate, listing: list[str], milestone: str, *, prompts: bool, shared: bool = False) -> list[str]:
    """Return a gate's question: what was found, the verbs that answer it and, unless someone prompts, the commands.

    `shared` where the answer may come from another machine.
    """
    verbs = ["", " | ".join(asked.verbs)]
    commands = [] if prompts else ["", *_answers(milestone, asked, shared=shared)]
    if asked.kind is Kind.PHASE:
        return ["", *listing, *verbs, *commands]
    listing = ["", *listing] if listing else []
    attempt = f" (attempt {asked.attempt}/{asked.attempts})" if _counts(asked) else ""
    head = f"🛑 {headline(asked.kind, asked.findings)}{attempt}"
    return ["", head, "", *_findings(asked), *listing, *verbs, *commands]


def question_again(asked: Gate) -> list[str]:
    """Return a gate's question where others were asked after it: whose it is, what was found, the verbs."""
    head = f"🛑 Gate {asked.gate}: {headline(asked.kind, asked.findings)}"
    return ["", head, "", *_findings(asked), "", " | ".join(asked.verbs)]


def _counts(asked: Gate) -> bool:
    return any(verb in {"fix", "retry", "restart"} for verb in STOPS[asked.kind].verbs)


def _findings(asked: Gate) -> list[str]:
    if asked.kind is Kind.TESTS:
        return ["Failed:", *(f"- {finding.message}" for finding in asked.findings)]
    if asked.kind is Kind.CHECKS:
        return [line for finding in asked.findings for line in _check(finding.message, finding.detail)]
    if asked.kind is Kind.MIGRATION_BREAKING:
        return [line for finding in asked.findings for line in _migration(finding.path, finding.detail)]
    return [f"{number}. {found_at(finding)}" for number, finding in enumerate(asked.findings, start=1)]


def _check(message: str, log: str | None) -> Iterator[str]:
    """Yield a failed check with the end of its log."""
    yield f"✗ {message}"
    yield from (f"  {line}" for line in (log or "").splitlines()[-TAIL:])


def _migration(path: str | None, detail: str | None) -> Iterator[str]:
    yield f"File: {path}"
    if detail:
        yield detail


def _answers(milestone: str, asked: Gate, *, shared: bool = False) -> list[str]:
    """Return the commands that answer a gate, one per verb, and the one that goes on."""
    if asked.kind is Kind.BUDGET or shared:
        where = "from any clone, " if shared else ""
        commands = decide_commands(milestone, asked, shared=shared)
        return [f"To answer, {where}write one of these, then run the same command again:", *commands]
    width = max(len(verb) for verb in asked.verbs)
    offered = [
        f"  touch state/{milestone}/approvals/{asked.gate}.{verb}{' ' * (width - len(verb))}   # {PURPOSE[verb]}"
        for verb in asked.verbs
    ]
    return ["To answer, touch one of these files, then run the same command again:", *offered]


def decide_commands(milestone: str, asked: Gate, *, shared: bool = False) -> list[str]:
    """Return the command that answers a gate by each verb; where the state is `shared`, from any clone."""
    reasons = {Verb.APPROVE: f' --reason "{budget.example(asked)}"'} if asked.kind is Kind.BUDGET else {}
    sent = " --state-ref" if shared else ""
    command = f"  run-milestone decide {milestone} {asked.gate}"
    return [f"{command} {verb}{reasons.get(verb, '')}{sent}" for verb in asked.verbs]


def why_passed(done: Passed) -> str:
    """Return why a gate lets an issue or a phase pass."""
    labels = [f"labels {', '.join(done.labels)}"] if done.labels else []
    decisions = [f"accepted by decision {', '.join(map(str, done.decisions))}"] if done.decisions else []
    return "; ".join([*labels, *decisions]) or "there is nothing to decide"


def why_asked(asked: Gate) -> str:
    """Return what kind of stop a question is, how often it may be tried, and what a run does that asks nobody."""
    stop = STOPS[asked.kind]
    tried = f", attempt {asked.attempt} of {asked.attempts}" if _counts(asked) else ""
    alone = f"--autonomous would {', then '.join(stop.autonomous)}" if stop.autonomous else "nobody answers it alone"
    return f"`{asked.kind}`, {count(len(asked.findings), 'finding')}{tried}; {alone}"
