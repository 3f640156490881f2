"""hearing: which comments answer which question; each becomes an approval file, or gets one reply that says why not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.text import for_record
from ...model import Approval
from ...render import gate_comments
from ..decide import gate_names, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from ...adapters.forge import Forge
    from ...model import Comment, Gate, Milestone, Verb
    from ...store import State

LONGEST = 2_000
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A comment that is meant for a gate: what it says, and the question it stands below."""

    comment: Comment
    verb: Verb
    gate: str
    key: str
    why: str


class Hearing:
    """What people answer to the questions of one milestone."""

    def __init__(self, milestone: Milestone, state: State, forge: Forge, others: Container[str]) -> None:
        """Listen for a milestone; answers to `others`, gates that other runs look after, are left alone."""
        self._milestone = milestone
        self._state = state
        self._forge = forge
        self._others = others
        self._told: set[str] = set()
        """Questions below which strangers were told that they cannot answer."""

    def comments(self, thread: int) -> tuple[Comment, ...]:
        """Return what is said on a pull request or an issue, oldest first."""
        return self._forge.comments(thread)

    def hear(self, thread: int, comments: Sequence[Comment], change_now: Callable[[Gate], str | None]) -> None:
        """Take every comment that nothing came of yet."""
        ours = [comment for comment in comments if comment.writer and gate_comments.is_ours(comment.body)]
        taken = {decision.source for decision in self._state.decisions.all()}
        taken |= {approval.source for approval in self._state.approvals.all()}
        new = [one for one in comments if not gate_comments.is_ours(one.body) and _source(thread, one) not in taken]
        meant = [self._meant(thread, comment, ours) for comment in new if not _has_reply(str(comment.id), ours)]
        answers = [answer for answer in meant if answer is not None]
        for answer in answers:
            self._take(thread, answer, answers, change_now)

    # ---- understanding ----------------------------------------------------------------------------------------

    def _meant(self, thread: int, comment: Comment, ours: Sequence[Comment]) -> Answer | None:
        """Return the answer that a comment is; None where it is none, or one that was refused with a reply."""
        said, latest = gate_comments.answers(comment.body), self._asked_before(comment, ours)
        if not said or not latest:  # no command, or nothing was asked here when it was written
            return None
        (verb, why), verbs = said[0], sorted({verb for verb, _ in said})
        gates, reason = self._named(why, verb, latest)
        if gates[0] in self._others:
            return None
        if not comment.writer:
            self._tell_strangers_once(thread, comment, ours, latest[gates[0]])
        elif len(verbs) > 1:
            self._reply(thread, comment, f"two answers at once ({', '.join(verbs)}); leave exactly one")
        elif len(gates) > 1:
            self._reply(thread, comment, f"several questions are open here; say which, like `/{verb} {gates[0]}`")
        else:
            return Answer(comment, verb, gates[0], latest[gates[0]], for_record(reason[:LONGEST]))
        return None

    def _asked_before(self, comment: Comment, ours: Sequence[Comment]) -> dict[str, str]:
        """Return the newest question of each gate that stands above a comment, by its key."""
        before = (gate_comments.asked_in(self._milestone, one.body) for one in ours if one.id < comment.id)
        return dict(question for question in before if question is not None)

    def _named(self, why: str, verb: Verb, latest: dict[str, str]) -> tuple[list[str], str]:
        """Return the gates that a comment can mean, and its reason: the one it names, or all that offer its verb."""
        first, _, rest = why.partition(" ")
        if first in latest and first in gate_names(self._milestone):
            return [first], rest
        still_open = {name: gate for name in latest if (gate := self._state.gates.read(name)) is not None}
        offering = [name for name, gate in still_open.items() if verb in gate.verbs]
        return offering or list(still_open) or list(latest)[-1:], why

    # ---- taking -----------------------------------------------------------------------------------------------

    def _take(
        self, thread: int, answer: Answer, answers: Sequence[Answer], change_now: Callable[[Gate], str | None]
    ) -> None:
        """Leave the approval file that an answer is, or say why it cannot be one."""
        gate = self._state.gates.read(answer.gate)
        if gate is None or gate_comments.key(gate) != answer.key:
            self._reply(thread, answer.comment, "what it answers is not asked any more")
            return
        files = [one.verb for one in self._state.approvals.all() if _rivals(one, answer)]
        rivals = [*(str(one.verb) for one in answers if _rivals(one, answer) and one.key == answer.key), *files]
        approval = _approval(thread, answer, gate)
        why = refusal(approval, rivals, self._milestone, self._state, change_now)
        if why is not None:
            self._reply(thread, answer.comment, why)
        if why is None or files:  # beside a file it is set aside together with that one
            said = {"why": approval.why, "who": approval.who, "digest": gate.digest, "source": approval.source}
            self._state.approvals.leave(approval.gate, approval.verb, **said)

    def _reply(self, thread: int, comment: Comment, why: str, *, to: str | None = None) -> None:
        verb = gate_comments.answers(comment.body)[0][0]
        self._forge.comment(thread, gate_comments.refused(to or str(comment.id), comment.author, verb, why))

    def _tell_strangers_once(self, thread: int, comment: Comment, ours: Sequence[Comment], question: str) -> None:
        """Reply to the first of those who may not decide, and to no other until the next question is put."""
        to = f"others at {question}"
        if not _has_reply(to, ours) and to not in self._told:
            self._told.add(to)
            self._reply(thread, comment, "only people who may write to this repository can answer", to=to)


def _approval(thread: int, answer: Answer, gate: Gate) -> Approval:
    file, source = f"{answer.gate}.{answer.verb}", _source(thread, answer.comment)
    who, digest = answer.comment.author, gate.digest
    return Approval(file, answer.gate, answer.verb, time.time_ns(), source, answer.why, who, digest)


def _source(thread: int, comment: Comment) -> str:
    return f"comment:{thread}:{comment.id}"


def _rivals(one: Approval | Answer, answer: Answer) -> bool:
    return one.gate == answer.gate and one.verb != answer.verb


def _has_reply(to: str, ours: Sequence[Comment]) -> bool:
    return any(gate_comments.reply_mark(to) in one.body for one in ours)
