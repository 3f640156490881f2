"""Answer a gate during a run: by a prompt, recorded decisions, the stop table, another attempt, or not at all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..core.errors import Panic, PlanError, UsageError
from ..model import BranchMade, Kind, Step, Verb, answer_word
from ..policy import topics
from ..policy.approvers import PASSING, is_local
from ..policy.graph import step_name
from ..policy.stops import AGAIN, AUTONOMOUS, STOPS
from ..render.gate import question_again
from ..render.phrases import one_line, purpose
from ..render.status import status_text
from ..store import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..model import Decision, Gate, Issue, Milestone, RunOptions
    from ..render.console import Console
    from ..steps.run_context import RunContext

_HINT = "\nAnswer here, or press ^D to leave it open; Enter explains the answers.\n"
AUTO_FIX = "auto-fix"
"""Who decides where findings are sent back before anybody is asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A verb, and the reason in the person's words."""

    verb: Verb
    why: str = ""
    who: str = ""
    topic: str = ""
    """The one question that it answers, where the gate asks several."""


class Answerer(Protocol):
    """Answers the gates of a run."""

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return the answer to `gate`, None to leave it open; `decisions` are those taken so far."""


def can_ask(options: RunOptions) -> bool:
    """Return whether a prompt can ask: on a terminal, where nothing else answers."""
    return not options.autonomous and not options.watch and sys.stdin.isatty() and sys.stdout.isatty()


class NoAnswerer:
    """Leaves every gate open, because without a terminal there is no person to ask."""

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return None."""
        _ = gate, decisions
        return None


@dataclass(frozen=True, slots=True)
class Prompt:
    """Asks on the terminal until a verb is given. The end of input leaves the gate open.

    It does not ask where the answer would not count, because a terminal does not prove who is at it.
    """

    milestone: Milestone
    folder: Path
    """The milestone's state."""

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return what the person answers; `status`, `help` and `panic` are no answers.

        Errors: Panic, where the person wants the run to stop.
        """
        _ = decisions
        is_open = is_local(self.milestone, gate.needs)
        sys.stdout.write(_HINT if is_open else "")
        while is_open:
            try:
                word, _, rest = input("\n> ").strip().partition(" ")
            except EOFError:
                sys.stdout.write("\n")
                return None
            word = word.lower()
            verb, topic = topics.parse(word)
            if (about := topics.meant(gate, verb, topic)) is not None and verb in about.verbs:
                return Answer(Verb(verb), rest.strip(), topic=topic)
            if word == "panic":
                raise Panic("Stopped by panic at the prompt.", "The same command goes on from there.")
            if word == "status":
                sys.stdout.write(status_text(self.milestone, State(self.folder)))
            else:
                sys.stdout.write(_help(gate, word or "help"))
        return None


def _help(gate: Gate, word: str) -> str:
    first = "" if word == "help" else f"{word!r} is no answer to this.\n"
    words = {f"{word} [reason]": purpose(word) for word in topics.answers_to(gate)}
    words |= {"status": "how the milestone stands", "help": "this list", "panic": "stop the run, PRs become drafts"}
    width = max(map(len, words))
    offered = "".join(f"  {word:<{width}}   {purpose}\n" for word, purpose in words.items())
    return f"{first}Answer with one of these, ^D leaves the question open:\n{offered}"


@dataclass(frozen=True, slots=True)
class ShowAgain:
    """Shows each question again before it is answered, because tasks that ran beside it printed after it."""

    console: Console
    answerer: Answerer

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return the answer of the other answerer; a barrier's question is the last one printed anyway."""
        if gate.kind is not Kind.PHASE:
            self.console.say(question_again(gate))
        return self.answerer.answer(gate, decisions)


class StopTable:
    """Answers as the stop table says for `--autonomous`; a secret always aborts."""

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return the first of the table's verbs that the gate still offers for the first of its questions."""
        _ = decisions
        name, first = next(iter(topics.split(gate).items()))
        verbs = (Verb.ABORT,) if first.kind is Kind.SECRET else STOPS[first.kind].autonomous
        used_up = AGAIN if first.attempt >= first.attempts else frozenset()
        needs_people = PASSING if gate.needs else frozenset()
        verb = next((one for one in verbs if one in first.verbs and one not in used_up | needs_people), None)
        why = f"autonomous: {_grounds(first)}"
        return None if verb is None else Answer(verb, why, AUTONOMOUS, _topic(gate, verb, name))


def _topic(gate: Gate, verb: Verb, first: str) -> str:
    """Return the name of a gate's first question where the verb answers that one only; empty for the whole gate."""
    return "" if verb in gate.verbs else first


def _grounds(gate: Gate) -> str:
    """Return what the answer is about: the stop, its first finding, and the attempts where they are used up."""
    if gate.kind is Kind.PHASE:
        return "every issue of the phase is done or skipped"
    more = f" and {len(gate.findings) - 1} more" if len(gate.findings) > 1 else ""
    first = f" - {one_line(gate.findings[0].message)}{more}" if gate.findings else ""
    tried = f" (attempt {gate.attempt} of {gate.attempts})" if AGAIN & set(STOPS[gate.kind].verbs) else ""
    return f"{STOPS[gate.kind].title.lower()}{tried}{first}"


@dataclass(frozen=True, slots=True)
class AutoFix:
    """Sends findings back to an issue's agent some times at each stop, before the other answerer is asked.

    Never a secret, and never to a person.
    """

    run: RunContext
    every: int
    """How often at each kind of stop; the plan's `auto_fix` may say more for one."""
    otherwise: Answerer

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return `fix` while it is to be tried, else what the other answerer says."""
        name, first = next(iter(topics.split(gate).items()))
        times = max(self.every, self.run.milestone.auto_fix.get(str(gate.kind), 0))
        tried = sum(one.gate == gate.gate and one.kind is gate.kind and one.who == AUTO_FIX for one in decisions)
        if tried < times and self._is_sent(first):
            why = f"{AUTO_FIX} {tried + 1} of {times}: {_grounds(first)}"
            return Answer(Verb.FIX, why, AUTO_FIX, _topic(gate, Verb.FIX, name))
        return self.otherwise.answer(gate, decisions)

    def _is_sent(self, gate: Gate) -> bool:
        if Verb.FIX not in gate.verbs or gate.kind is Kind.SECRET:
            return False
        issue = self.run.issues.get(gate.gate)
        if issue is None or (issue.agent or self.run.milestone.agent).kind == "human":
            return False
        return not self._has_others_commits(issue)

    def _has_others_commits(self, issue: Issue) -> bool:
        """Return whether people committed to the branch: an agent might undo that before they are asked."""
        run = self.run
        made = run.store.markers.evidence(step_name(issue.number, Step.BRANCH), BranchMade)
        head = run.branches.heads.get(run.branch(issue))
        if made is None or head is None:
            return False
        marks = run.store.registry.marks(run.milestone, issue)
        return not all(commit.ours for commit in run.git.commits(made.base, head, *marks))


class Recorded:
    """Plays decisions from a file, in order per gate, as a person would type them."""

    def __init__(self, recorded: Sequence[tuple[str, Answer]]) -> None:
        """Take (gate, answer) pairs in the order in which they were given."""
        self._recorded = recorded

    def answer(self, gate: Gate, decisions: Sequence[Decision]) -> Answer | None:
        """Return the next answer recorded for the gate; those already taken are not given again."""
        answers = [answer for name, answer in self._recorded if name == gate.gate]
        taken = sum(1 for decision in decisions if decision.gate == gate.gate)
        if taken >= len(answers):
            return None
        answer = answers[taken]
        reason = f" {answer.why}" if answer.why else ""
        sys.stdout.write(f"\n> {answer_word(answer.verb, answer.topic)}{reason}\n")
        sys.stdout.flush()
        return answer


def read_recorded(path: Path) -> Recorded:
    """Return the decisions recorded in a YAML file: a list of {gate, verb, reason}."""
    import yaml

    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
        words = [(row["gate"], topics.parse(row["verb"]), row.get("reason") or "") for row in rows]
        return Recorded([(gate, Answer(Verb(verb), why, topic=topic)) for gate, (verb, topic), why in words])
    except FileNotFoundError:
        raise UsageError(f"There are no recorded decisions in {path}.", "Name a folder that the demo made.") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise PlanError([f"{path.name}:1:1: decisions: not a list of gate, verb and reason ({error})"]) from None
