"""Renders a gate for the terminal: its findings, verbs and commands, and why it is open or passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Kind, Verb
from ..policy import budget
from ..policy.approvers import asked_of, is_local
from ..policy.stops import STOPS
from ..policy.topics import answers_to, meant, parse, split
from .phrases import found_at, headlines, purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..model import Finding, Gate, Milestone, Passed

TAIL = 15
"""Lines of a failed check's log that are shown. The agent gets more."""


def question(
    gate: Gate,
    listing: list[str],
    milestone: Milestone,
    approvals: str,
    *,
    prompts: bool,
    shared: bool = False,
) -> list[str]:
    """Return a gate's findings, its verbs and, unless the run `prompts`, the commands that answer it.

    `approvals` is the folder where answers are left. With `shared` state the answer may come from another machine.
    """
    asked = [f"Whose answer counts: {whose}"] if (whose := asked_of(gate.needs, milestone.teams)) else []
    verbs = ["", " | ".join(answers_to(gate)), *asked]
    commands = [] if prompts else ["", *_answers(milestone, gate, approvals, shared=shared)]
    if gate.kind is Kind.PHASE:
        return ["", *listing, *verbs, *commands]
    listing = ["", *listing] if listing else []
    attempt = f" (attempt {gate.attempt}/{gate.attempts})" if _counts_attempts(gate) else ""
    return ["", f"🛑 {headlines(gate)}{attempt}", "", *_all_findings(gate), *listing, *verbs, *commands]


def _all_findings(gate: Gate) -> list[str]:
    """Return the findings of a gate, those of several questions each below its name."""
    if not gate.topics:
        return _findings(gate)
    blocks = ([f"{name} ({' | '.join(one.verbs)})", *_findings(one), ""] for name, one in split(gate).items())
    return [line for block in blocks for line in block][:-1]


def question_again(gate: Gate) -> list[str]:
    """Return a gate with its name, for a gate that was shown before others."""
    head = f"🛑 Gate {gate.gate}: {headlines(gate)}"
    return ["", head, "", *_all_findings(gate), "", " | ".join(answers_to(gate))]


def _counts_attempts(gate: Gate) -> bool:
    return not gate.topics and any(verb in {"fix", "retry", "restart"} for verb in STOPS[gate.kind].verbs)


def _findings(gate: Gate) -> list[str]:
    if gate.kind is Kind.TESTS:
        return ["Failed:", *_failures(gate.findings, "-")]
    if gate.kind in {Kind.BASELINE, Kind.SETUP}:
        return list(_failures(gate.findings, "{}."))
    if gate.kind is Kind.CHECKS:
        return [line for finding in gate.findings for line in _check(finding.message, finding.detail)]
    if gate.kind is Kind.MIGRATION_BREAKING:
        return [line for finding in gate.findings for line in _migration(finding.path, finding.detail)]
    return [f"{number}. {found_at(finding)}" for number, finding in enumerate(gate.findings, start=1)]


def _failures(findings: Iterable[Finding], bullet: str) -> Iterator[str]:
    """Yield each failure and the end of its output, which many may share: then it is shown once."""
    shown: dict[str, str] = {}
    for number, one in enumerate(findings, start=1):
        output = (one.detail or "").splitlines()[-TAIL:]
        yield f"{bullet.format(number)} {one.message}"
        text = "\n".join(output)
        if text in shown:
            yield f"  the same output as {shown[text]}"
        elif output:
            shown[text] = one.message
            yield from (f"  {line}" for line in output)


def _check(message: str, log: str | None) -> Iterator[str]:
    """Yield a failed check and the end of its log."""
    yield f"✗ {message}"
    yield from (f"  {line}" for line in (log or "").splitlines()[-TAIL:])


def _migration(path: str | None, detail: str | None) -> Iterator[str]:
    yield f"File: {path}"
    if detail:
        yield detail


def _answers(milestone: Milestone, gate: Gate, approvals: str, *, shared: bool = False) -> list[str]:
    """Return the commands that answer a gate, one per verb."""
    if not is_local(milestone, gate.needs):
        commands = decide_commands(milestone, gate, shared=shared)
        return ["To answer, comment on the forge or write one of these, then run the same command again:", *commands]
    if gate.kind in {Kind.BUDGET, Kind.BOUNDARY} or shared:
        where = "from any clone, " if shared else ""
        commands = decide_commands(milestone, gate, shared=shared)
        return [f"To answer, {where}write one of these, then run the same command again:", *commands]
    width = max(map(len, answers_to(gate)))
    files = ((word, f"{approvals}/{gate.gate}.{word:<{width}}") for word in answers_to(gate))
    offered = [f"  {_written(_example(gate, word), file)}   # {purpose(word)}" for word, file in files]
    return ["To answer, touch one of these files, then run the same command again:", *offered]


def decide_commands(milestone: Milestone, gate: Gate, *, shared: bool = False) -> list[str]:
    """Return a `decide` command per verb, signed where files do not count. With `shared` state any clone can run it."""
    signed = "" if is_local(milestone, gate.needs) else " --sign"
    sent = f"{signed} --state-ref" if shared else signed
    command = f"  run-milestone decide {milestone.id} {gate.gate}"
    examples = {word: _example(gate, word) for word in answers_to(gate)}
    reasons = {word: f' --reason "{example}"' for word, example in examples.items() if example}
    return [f"{command} {word}{reasons.get(word, '')}{sent}" for word in examples]


def _written(reason: str, file: str) -> str:
    return f'echo "{reason}" > {file}' if reason else f"touch {file}"


_REASONS: dict[Kind, str | Callable[[Gate], str]] = {
    Kind.BUDGET: budget.example,
    Kind.BOUNDARY: "who changed it, and why it is harmless",
    Kind.SECRET: "why this is no secret",
}
"""What the reason of an approval says, where it needs one."""


def _example(gate: Gate, word: str) -> str:
    """Return an example of the reason that an approval needs; empty for other answers."""
    verb, topic = parse(word)
    about = meant(gate, verb, topic)
    example = _REASONS.get(about.kind) if about is not None and verb == Verb.APPROVE else None
    if example is None or about is None:
        return ""
    return example if isinstance(example, str) else example(about)


def why_passed(done: Passed) -> str:
    """Return why a gate has passed."""
    labels = [f"labels {', '.join(done.labels)}"] if done.labels else []
    decisions = [f"accepted by decision {', '.join(map(str, done.decisions))}"] if done.decisions else []
    return "; ".join([*labels, *decisions]) or "there is nothing to decide"


def why_asked(gate: Gate) -> str:
    """Return a gate's kind, its attempts, and what `--autonomous` would answer."""
    stop = STOPS[gate.kind]
    attempts = f", attempt {gate.attempt} of {gate.attempts}" if _counts_attempts(gate) else ""
    would = f"would {', then '.join(stop.autonomous)}" if stop.autonomous else "would wait for a person"
    return f"`{gate.kind}`, {count(len(gate.findings), 'finding')}{attempts}; --autonomous {would}"
