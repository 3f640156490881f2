"""Collect the comments that answer a gate's question as approvals; a comment that is unclear gets one reply."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ...core.text import for_record
from ...model import AnswerComment, Approval
from ...policy.gating import gate_names
from ...policy.named_gate import named
from ...policy.opinions import bots_of, is_bot
from ...policy.topics import meant, parse
from ...render import gate_comments as words

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from ...adapters.forge import Forge
    from ...model import Comment, Milestone
    from ...store import State

COMMENT = "comment:"
"""What the source of an answer by comment begins with."""
LONGEST = 2_000
"""Characters of a reason that are kept."""


class Reader:
    """The comments below the questions of one milestone."""

    def __init__(self, milestone: Milestone, state: State, forge: Forge, others: Container[str]) -> None:
        """Read for a milestone; answers to gates of `others` are left to the runs that work on those issues."""
        self._milestone = milestone
        self._state = state
        self._forge = forge
        self._others = others
        self._bots = bots_of(milestone)
        self._replied: set[str] = set()
        """Questions below which a person without write access got a reply in this run."""

    def comments(self, thread: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        return self._forge.comments(thread)

    def standing(self, thread: int) -> dict[str, str]:
        """Return who wrote each comment that can answer, by its source: not edited, and by people who may write now."""
        comments = (one for one in self.comments(thread) if one.writer and not one.is_edited)
        return {_source(thread, one.id): one.author for one in comments}

    def collect(self, thread: int, comments: Sequence[Comment]) -> list[Approval]:
        """Return the comments that answer a question, and became neither a decision nor a refusal yet."""
        ours = [comment for comment in comments if comment.writer and words.is_ours(comment.body)]
        taken = {decision.source for decision in self._state.decisions.answers()}
        taken |= {approval.source for approval in self._state.approvals.all()}
        new = [one for one in comments if not words.is_ours(one.body) and _source(thread, one.id) not in taken]
        read = [self._read(thread, comment, ours) for comment in new if not _has_reply(str(comment.id), ours)]
        return [approval for approval in read if approval is not None]

    def _read(self, thread: int, comment: Comment, ours: Sequence[Comment]) -> Approval | None:
        """Return the approval that a comment is, None where it is none; an unclear one gets a reply."""
        commands, questions = words.answers(comment.body), self._questions_above(comment, ours)
        if not commands or not questions or comment.is_by_app or is_bot(comment.author, self._bots):
            return None
        names, (word, _) = gate_names(self._milestone), commands[0]
        given = [(one, *named(why, parse(one)[0], names, questions)) for one, why in commands]
        different = list(dict.fromkeys(f"{one} {gate}".rstrip() for one, gate, _ in given))
        reason = " ".join(why for *_, why in given if why)
        gates = [given[0][1]] if given[0][1] else self._meant(word, questions)
        verb, topic = parse(word)
        where = AnswerComment(thread, comment.id, questions.get(gates[0]) or [*questions.values()][-1])
        source, who = _source(thread, comment.id), comment.author
        approval = Approval(
            "", gates[0], verb, time.time_ns(), source, for_record(reason[:LONGEST]), who, comment=where, topic=topic
        )
        if gates[0] in self._others:
            return None
        if not comment.writer:
            self._reply_once_per_question(approval, ours)
        elif comment.is_edited:
            self.reply(approval, "it was edited, so it may be somebody else's words")
        elif len(different) > 1:
            self.reply(approval, f"two answers at once ({', '.join(different)}); leave exactly one")
        elif gates[0] not in questions:
            self.reply(approval, f"it names {gates[0]}, and that is not asked here")
        elif len(gates) > 1:
            self.reply(approval, f"several questions are open here; say which, like `/{word} {gates[0]}`")
        else:
            return approval
        return None

    def _questions_above(self, comment: Comment, ours: Sequence[Comment]) -> dict[str, str]:
        """Return the key of each gate's newest question above a comment."""
        above = (words.asked_in(self._milestone, one.body) for one in ours if one.id < comment.id)
        return dict(question for question in above if question is not None)

    def _meant(self, word: str, questions: dict[str, str]) -> list[str]:
        """Return the gates that a comment can mean which names none: all that take its word."""
        still_open = {name: gate for name in questions if (gate := self._state.gates.read(name)) is not None}
        verb, topic = parse(word)
        about = {name: meant(gate, verb, topic) for name, gate in still_open.items()}
        offering = [name for name, gate in about.items() if gate is not None and verb in gate.verbs]
        return offering or list(still_open) or list(questions)[-1:]

    # ---- reply ------------------------------------------------------------------------------------------------

    def reply(self, approval: Approval, why: str, *, to: str = "") -> None:
        """Say why a comment was not taken; `to` marks the reply, by default with the comment's number."""
        if approval.comment is not None:
            text = words.refused(to or str(approval.comment.comment), approval.who, approval.word, why)
            self._forge.comment(approval.comment.thread, text)

    def _reply_once_per_question(self, approval: Approval, ours: Sequence[Comment]) -> None:
        """Reply to the first person who may not decide, and to no other until the next question is posted."""
        to = f"others at {approval.comment.key}" if approval.comment else ""
        if not _has_reply(to, ours) and to not in self._replied:
            self._replied.add(to)
            self.reply(approval, "only people who may write to this repository can answer", to=to)


def _source(thread: int, comment: int) -> str:
    return f"{COMMENT}{thread}:{comment}"


def _has_reply(to: str, ours: Sequence[Comment]) -> bool:
    return any(words.reply_mark(to) in one.body for one in ours)
