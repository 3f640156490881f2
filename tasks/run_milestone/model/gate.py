"""What checks see, what is asked about it, and what people decide."""

from __future__ import annotations

from dataclasses import dataclass

from .enums import Kind, Severity, Verb


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw. `kind` is the stop it belongs to, `rule` the tool's own name for it, `line` counts from 1."""

    kind: Kind
    severity: Severity
    rule: str
    message: str
    path: str | None = None
    line: int | None = None
    detail: str | None = None
    """What makes it matter, as measured (`Risk: data loss (column has 50k rows)`)."""
    change: str | None = None
    """Identity of its file's change; where it is set, an approval counts for as long as that stays the same."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A question to a person. `digest` binds the answer to the findings and to the change that were shown."""

    gate: str
    kind: Kind
    attempt: int
    attempts: int
    verbs: tuple[Verb, ...]
    findings: tuple[Finding, ...]
    digest: str
    change: str
    """Identity of the change that was shown (a patch id: a clean rebase keeps it); empty where there is none."""
    opened: str = ""
    """When the question was put, UTC, ISO 8601."""


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
    """Identity of the approval file it was made from, so that a crash cannot count that file twice."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval file as found. `verb` is text: nobody has checked it yet; `written` is its mtime in nanoseconds."""

    file: str
    gate: str
    verb: str
    written: int
    source: str
    why: str = ""
    who: str = ""
    digest: str | None = None
    when: str = ""
    """When it was given, as the file says: UTC, ISO 8601. Empty where it does not, as for a touched one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where on the forge a question was put: the pull request or issue `thread`, its `comment`, and `key`.

    `key` tells one question of a gate from the next: the beginning of its digest, and the attempt.
    """

    gate: str
    key: str
    thread: int
    comment: int
