"""comments: questions are put on the forge, and comments that answer them become approval files, each once.

The forge itself is the memory: questions and replies carry hidden marks and are found again after a crash, and a
comment that became a decision is named by it. What a comment says goes the same way as a touched file.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .errors import DamagedStateError, OutsideError
from .model import Approval, Asked, Proposed, Step
from .redaction import redact
from .settling import gate_names, refusal
from .show import questions

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from .hands.forge import Forge
    from .model import Comment, Decision, Gate, Milestone, Verb
    from .state import State

PAUSE = 60.0
"""Seconds between two looks at the comments of a forge on the network."""
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


class Conversation:
    """The questions of one milestone on its forge, and what people answer there."""

    def __init__(
        self,
        milestone: Milestone,
        state: State,
        forge: Forge,
        say: Callable[[Iterable[str]], None],
        others: Container[str] = (),
    ) -> None:
        """Talk about a milestone; `say` tells the terminal what could not be told to the forge.

        `others` are the gates of issues that other runs work on at this moment: nobody is asked or answered twice.
        """
        self._milestone = milestone
        self._state = state
        self._forge = forge
        self._say = say
        self._others = others
        self._own_issue: int | None = None
        self._turn = threading.Lock()
        self._heard = -PAUSE
        self._told: set[str] = set()
        self._replied: set[str] = set()
        """Questions below which this run told strangers that they cannot answer."""
        self._issues = {issue.number: issue for issue in milestone.issues}
        self._is_local = milestone.forge == "local"

    # ---- asking -----------------------------------------------------------------------------------------------

    def put(self, gates: Iterable[Gate]) -> None:
        """Put questions on the forge that are not there yet."""
        for gate in (gate for gate in gates if gate.gate not in self._others):
            with self._turn:
                self._try(partial(self._put, gate))

    def _asked(self) -> list[Asked]:
        return [asked for asked in self._state.asked.all() if asked.gate not in self._others]

    def _put(self, gate: Gate) -> None:
        known, key = self._state.asked.read(gate.gate), questions.key(gate)
        if known is not None and known.key == key:
            return
        if known is not None:
            self._close(known)
        thread = self._thread(gate)
        if thread is None:
            return
        mark = questions.question_mark(self._milestone, gate.gate, key)
        there = [comment for comment in self._forge.comments(thread) if comment.writer and mark in comment.body]
        update = there[-1].id if there else None
        posted = self._forge.comment(thread, questions.question(self._milestone, gate), update=update)
        self._state.asked.note(Asked(gate.gate, key, thread, posted.id))
        if not self._is_local:
            self._say([f"→ Also asked in a comment on #{thread}"])

    def _thread(self, gate: Gate) -> int | None:
        """Return where a gate is asked: the issue's pull request, else its issue, else the milestone's own issue."""
        proposed = (
            self._state.markers.evidence(f"{gate.gate}:{Step.PR}", Proposed) if gate.gate in self._issues else None
        )
        if proposed is not None and proposed.number:
            return proposed.number
        issue = self._issues.get(gate.gate)
        if issue is not None and issue.github and self._exists(issue.github):
            return issue.github
        return self._tracking()

    def _exists(self, number: int) -> bool:
        """Return whether a forge in files has this issue; one on the network says so itself."""
        if self._is_local:
            try:
                self._forge.comments(number)
            except OutsideError:
                return False
        return True

    def _tracking(self) -> int | None:
        """Return the milestone's own issue; a forge in files, which nobody is told of, gets none by itself."""
        if self._own_issue is None:
            title, mark = self._milestone.title, questions.tracking_mark(self._milestone)
            found = next((issue.number for issue in self._forge.issues(title) if mark in issue.body), None)
            self._own_issue = found if found or self._is_local else self._make_issue(title)
        return self._own_issue

    def _make_issue(self, title: str) -> int:
        self._forge.ensure_milestone(title)
        name, body = questions.tracking_title(self._milestone), questions.tracking_body(self._milestone)
        return self._forge.create_issue(title=name, body=body, milestone=title).number

    # ---- closing ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Say on the forge which questions are answered, or not asked any more."""
        for asked in self._asked():
            gate = self._state.gates.read(asked.gate)
            if gate is None or questions.key(gate) != asked.key:
                with self._turn:
                    self._try(partial(self._close, asked))

    def _close(self, asked: Asked) -> None:
        decisions = self._state.decisions.all()
        answer = next((one for one in reversed(decisions) if one.gate == asked.gate and _key(one) == asked.key), None)
        text = questions.closed(self._milestone, asked.gate, asked.key, answer)
        if any(comment.id == asked.comment for comment in self._forge.comments(asked.thread)):
            self._forge.comment(asked.thread, text, update=asked.comment)
        self._state.asked.drop(asked.gate)

    # ---- hearing ----------------------------------------------------------------------------------------------

    def hear(self, change_now: Callable[[Gate], str | None]) -> None:
        """Leave an approval file for each comment that answers an open question, and reply to those that cannot.

        `change_now` tells the identity of the change that a gate is about as it is at this moment.
        """
        if not self._is_local and time.monotonic() - self._heard < PAUSE:
            return
        self._heard = time.monotonic()
        self.put(self._state.gates.all())
        for thread in sorted({asked.thread for asked in self._asked()}):
            with self._turn:
                self._try(partial(self._hear, thread, change_now))

    def _hear(self, thread: int, change_now: Callable[[Gate], str | None]) -> None:
        comments = self._forge.comments(thread)
        self._ask_again(thread, comments)
        ours = [comment for comment in comments if comment.writer and questions.is_ours(comment.body)]
        taken = {decision.source for decision in self._state.decisions.all()}
        taken |= {approval.source for approval in self._state.approvals.found()}
        new = [one for one in comments if not questions.is_ours(one.body) and _source(thread, one) not in taken]
        answers = [self._meant(thread, comment, ours) for comment in new if not _has_reply(str(comment.id), ours)]
        meant = [answer for answer in answers if answer is not None]
        for answer in meant:
            self._take(thread, answer, meant, change_now)

    def _ask_again(self, thread: int, comments: Sequence[Comment]) -> None:
        """Put a question again whose comment somebody deleted: what is not shown cannot be answered."""
        there = {comment.id for comment in comments}
        for asked in self._asked():
            gate = self._state.gates.read(asked.gate)
            if asked.thread == thread and asked.comment not in there:
                self._state.asked.drop(asked.gate)
                if gate is not None:
                    self._put(gate)

    def _meant(self, thread: int, comment: Comment, ours: Sequence[Comment]) -> Answer | None:
        """Return the answer that a comment is; None where it is none, or one that was refused with a reply."""
        said = questions.answers(comment.body)
        before = (questions.asked_in(self._milestone, one.body) for one in ours if one.id < comment.id)
        latest = dict(question for question in before if question is not None)
        if not said or not latest:  # no command, or nothing was asked here when it was written
            return None
        (verb, why), verbs = said[0], sorted({verb for verb, _ in said})
        gates = self._named(why, verb, latest)
        if gates[0] in self._others:
            return None
        if not comment.writer:
            self._tell_strangers_once(thread, comment, ours, latest[gates[0]])
        elif len(verbs) > 1:
            self._reply(thread, comment, f"two answers at once ({', '.join(verbs)}); leave exactly one")
        elif len(gates) > 1:
            self._reply(thread, comment, f"several questions are open here; say which, like `/{verb} {gates[0]}`")
        else:
            gate = gates[0]
            reason = redact(why.removeprefix(gate).strip()[:LONGEST])
            return Answer(comment, verb, gate, latest[gate], reason)
        return None

    def _named(self, why: str, verb: Verb, latest: dict[str, str]) -> list[str]:
        """Return the gates that a comment can mean: the one it names, else those asked here that offer its verb."""
        first = why.partition(" ")[0]
        if first in latest and first in gate_names(self._milestone):
            return [first]
        still_open = {name: gate for name in latest if (gate := self._state.gates.read(name)) is not None}
        offering = [name for name, gate in still_open.items() if verb in gate.verbs]
        return offering or list(still_open) or list(latest)[-1:]

    def _take(
        self, thread: int, answer: Answer, all_answers: Sequence[Answer], change_now: Callable[[Gate], str | None]
    ) -> None:
        """Leave the approval file that an answer is, or say why it cannot be one."""
        gate, source, who = self._state.gates.read(answer.gate), _source(thread, answer.comment), answer.comment.author
        if gate is None or questions.key(gate) != answer.key:
            self._reply(thread, answer.comment, "what it answers is not asked any more")
            return
        others = [one.verb for one in all_answers if one.gate == answer.gate and one.verb is not answer.verb]
        files = [one for one in self._state.approvals.found() if one.gate == answer.gate and one.verb != answer.verb]
        rivals = [*map(str, others), *(one.verb for one in files)]
        file, written = f"{answer.gate}.{answer.verb}", time.time_ns()
        approval = Approval(file, answer.gate, answer.verb, written, source, answer.why, who, gate.digest)
        why = refusal(approval, rivals, self._milestone, self._state, change_now)
        if why is not None:
            self._reply(thread, answer.comment, why)
        if why is None or files:  # beside a file it is set aside together with that one
            leave = self._state.approvals.leave
            leave(answer.gate, answer.verb, why=answer.why, who=who, digest=gate.digest, source=source)

    # ---- replying ---------------------------------------------------------------------------------------------

    def _reply(self, thread: int, comment: Comment, why: str, *, to: str | None = None) -> None:
        verb = questions.answers(comment.body)[0][0]
        self._forge.comment(thread, questions.refused(to or str(comment.id), comment.author, verb, why))

    def _tell_strangers_once(self, thread: int, comment: Comment, ours: Sequence[Comment], question: str) -> None:
        """Reply to the first of those who may not decide, and to no other until the next question is put."""
        to = f"others at {question}"
        if not _has_reply(to, ours) and to not in self._replied:
            self._replied.add(to)
            self._reply(thread, comment, "only people who may write to this repository can answer", to=to)

    def _try(self, talk: Callable[[], None]) -> None:
        """Talk; a forge that does not listen holds nobody up, because the same can be said by a file."""
        try:
            talk()
        except (OutsideError, DamagedStateError) as error:
            if error.what not in self._told:
                self._told.add(error.what)
                self._say(
                    [f"⚠️ Comments could not be written or read: {error.what} Files in approvals/ answer as well."]
                )


def _source(thread: int, comment: Comment) -> str:
    return f"comment:{thread}:{comment.id}"


def _has_reply(to: str, ours: Sequence[Comment]) -> bool:
    return any(questions.reply_mark(to) in one.body for one in ours)


def _key(decision: Decision) -> str:
    return f"{(decision.digest or '')[:16]}-{decision.attempt}"
