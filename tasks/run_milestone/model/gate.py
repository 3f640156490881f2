"""Findings of checks, gates that ask about them, and the answers of people."""

from __future__ import annotations

from dataclasses import dataclass, field

from .approvers import Need
from .enums import Kind, Severity, Verb


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `kind` is its stop, `rule` the name that the tool gives it, `line` counts from 1."""

    kind: Kind
    severity: Severity
    rule: str
    message: str
    path: str | None = None
    line: int | None = None
    detail: str | None = None
    """The measured impact (`Risk: data loss (column has 50k rows)`)."""
    change: str | None = None
    """Identity of the change of its file; where it is set, an approval holds until that changes.

    An item of a phase's list has the identity of its pull request's whole change.
    """


@dataclass(frozen=True, slots=True)
class Topic:
    """One question of a gate that asks several. `findings` is how many of the gate's findings are about it.

    The findings stand in the order of the topics. `digest` binds an answer to this question alone.
    """

    name: str
    kind: Kind
    attempt: int
    attempts: int
    verbs: tuple[Verb, ...]
    findings: int
    digest: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A question to a person. `digest` binds the answer to the findings and the change that were shown."""

    gate: str
    kind: Kind
    attempt: int
    attempts: int
    verbs: tuple[Verb, ...]
    findings: tuple[Finding, ...]
    digest: str
    change: str
    """Patch id of the change that was shown, which a clean rebase keeps; empty where there is none."""
    opened: str = ""
    """When it opened, UTC, ISO 8601."""
    needs: tuple[Need, ...] = field(default=(), metadata={"later": True})
    """Whose answers count; everybody's where it is empty."""
    topics: tuple[Topic, ...] = field(default=(), metadata={"later": True, "sparse": True})
    """Its questions where it asks several. Then `kind` is that of the first, and `verbs` answer all of them."""
    covered_by: tuple[str, ...] = field(default=(), metadata={"later": True, "sparse": True})
    """The earlier questions of it that showed all that is left, each by its digest and attempt: their answers count."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed of an answer, as a text, and the signature (ssh, armoured)."""

    statement: str
    signature: str
    signers: str = field(default="", metadata={"later": True, "sparse": True})
    """The commit of the target branch whose allowed signers it was checked with; empty where it was not yet."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A consumed approval. `id` counts from 1 over the milestone; `findings` are those that were answered."""

    id: int
    gate: str
    verb: Verb
    who: str
    when: str
    why: str
    kind: Kind | None = None
    digest: str | None = None
    attempt: int = 1
    findings: tuple[Finding, ...] = ()
    change: str = ""
    """Identity of the change that was shown."""
    source: str | None = None
    """Identity of the approval file it was made from, so that a crash cannot count the file twice."""
    commits: dict[str, str] = field(default_factory=dict)
    """For a phase: the commit that each listed change was shown at, by the change's identity."""
    waits: bool = field(default=False, metadata={"later": True})
    """Whether it is one of several answers that the gate needs, and has no effect of its own."""
    digests: tuple[str, ...] = field(default=(), metadata={"later": True, "sparse": True})
    """The digests of the questions that it answers, where these are several."""
    signed: Signed | None = field(default=None, metadata={"later": True, "sparse": True})
    """The signature by which it counted, so that it can be checked again."""


@dataclass(frozen=True, slots=True)
class AnswerComment:
    """The comment that an approval was written in: its thread on the forge, and `key` of the question it answers."""

    thread: int
    comment: int
    key: str


@dataclass(frozen=True, slots=True)
class Approval:
    """An answer as it was collected, from a file or a comment. `verb` is unchecked text, `written` in nanoseconds."""

    file: str
    """The file's name; empty for a comment."""
    gate: str
    verb: str
    written: int
    source: str
    why: str = ""
    who: str = ""
    digest: str | None = None
    when: str = ""
    """When it was given, as the file says: UTC, ISO 8601. Empty where it does not, as for a touched one."""
    problem: str = ""
    """Why the file could not be read."""
    comment: AnswerComment | None = None
    """None for a file."""
    came: int = 0
    """When the file last changed on this machine (ctime), in nanoseconds; 0 for a comment."""
    topic: str = ""
    """The one question that it answers, as in `03.approve-licence`; empty for what its verb is about."""
    signed: Signed | None = None
    """None where nobody signed it."""

    @property
    def word(self) -> str:
        """What was typed: `fix`, or `approve-licence` where it answers one question of several."""
        return answer_word(self.verb, self.topic)


def answer_word(verb: str, topic: str) -> str:
    """Return the word of an answer. Without a topic it is the verb."""
    return f"{verb}-{topic}" if topic else verb


@dataclass(frozen=True, slots=True)
class Asked:
    """Where on the forge a gate was asked: the pull request or issue `thread`, its `comment`, and `key`.

    `key` identifies one question of a gate: the beginning of its digest, and the attempt.
    """

    gate: str
    key: str
    thread: int
    comment: int


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """What moved in a pull request since its phase was approved: `what` in a few words, and the `diff`.

    `before` and `now` are the commits that the diff compares.
    """

    issue: str
    what: str
    before: str = ""
    now: str = ""
    diff: tuple[str, ...] = ()
