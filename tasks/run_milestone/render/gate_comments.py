"""Word the comments on the forge while a gate is open, and parse the comments that answer it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..core.text import for_markdown, for_record
from ..model import Kind, Verb
from ..policy import budget
from ..policy.approvers import asked_of, is_local
from ..policy.gating import question_key
from ..policy.stops import WITH_OUTPUT
from ..policy.topics import ABOUT_A_TOPIC, answers_to, split
from .phrases import headlines, one_line, place, purpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import Decision, Finding, Gate, Milestone

LONGEST = 60_000
"""Characters; forges refuse comments a little above."""
LONGEST_FINDING = 500
"""Characters of a finding that a question shows."""
SHOWN = 30
"""Findings that a question lists."""


# ---- hidden marks, by which a run recognises its own texts --------------------------------------------------------


def question_mark(milestone: Milestone, gate: str, key: str) -> str:
    """Return the mark of a question."""
    return f"<!-- run-milestone: question {milestone.id}/{gate} {key} -->"


def asked_in(milestone: Milestone, body: str) -> tuple[str, str] | None:
    """Return (gate, key) of the question that a comment asks, None where it asks none."""
    match = re.match(rf"<!-- run-milestone: question {re.escape(milestone.id)}/(\S+) (\S+) -->", body)
    return (match[1], match[2]) if match else None


def reply_mark(to: str) -> str:
    """Return the mark of a reply; `to` is a comment's number, or a question that people without rights answered."""
    return f"<!-- run-milestone: reply to {to} -->"


def tracking_mark(milestone: Milestone) -> str:
    """Return the mark of the issue on which a milestone's own questions are asked."""
    return f"<!-- run-milestone: {milestone.id} -->"


def is_ours(body: str) -> bool:
    """Return whether a comment was written by a run, not by a person."""
    return body.startswith("<!-- run-milestone: ")


# ---- texts --------------------------------------------------------------------------------------------------------


def posted(thread: int) -> str:
    """Return what the console says of a question that was posted."""
    return f"→ Also asked in a comment on #{thread}"


def unreachable(why: str) -> str:
    """Return what the console says where the forge's comments fail."""
    return f"⚠️ Comments could not be written or read: {why} Files in approvals/ answer as well."


def question(milestone: Milestone, gate: Gate) -> str:
    """Return a gate's question as a comment: what was found, and how it is answered. No line of it is a command."""
    attempt = (
        f" (attempt {gate.attempt}/{gate.attempts})"
        if not gate.topics and {Verb.FIX, Verb.RETRY, Verb.RESTART} & {*gate.verbs}
        else ""
    )
    about = [f"`{name}`: " if gate.topics else "" for name, one in split(gate).items() for _ in one.findings]
    listed = zip(about, gate.findings[:SHOWN], strict=False)
    shown = [f"{number}. {name}{_finding(finding)}" for number, (name, finding) in enumerate(listed, start=1)]
    if len(gate.findings) > SHOWN:
        shown.append(f"\n… and {len(gate.findings) - SHOWN} more: `run-milestone gates {milestone.id}` lists all.")
    limit = f" {budget.example(gate)}" if gate.kind is Kind.BUDGET else ""
    asked = asked_of(gate.needs, milestone.teams)
    commands = [f"- `/{word}{limit if word == Verb.APPROVE else ''}` {purpose(word)}" for word in answers_to(gate)]
    return _whole(
        question_mark(milestone, gate.gate, question_key(gate)),
        f"🛑 **{_inert(headlines(gate))}**{attempt} — gate `{gate.gate}` of {milestone.id}",
        "\n".join(shown),
        "Answer with a comment that begins with one of these, and says why:",
        "\n".join(commands),
        _inert(f"Whose answer counts: {asked}.") if asked else "",
        f"It counts for exactly what is shown here (digest `{gate.digest[:16]}`), once, and only from people who may "
        f"write to this repository. On the machine that runs it, `run-milestone decide {milestone.id} {gate.gate} …"
        f"{'' if is_local(milestone, gate.needs) else ' --sign'}` does the same.",
    )


def _finding(finding: Finding) -> str:
    # the detail of a person's stop is a path on their machine
    shown = finding.detail[:LONGEST_FINDING] if finding.detail and finding.kind is not Kind.HUMAN else ""
    if finding.kind in WITH_OUTPUT and finding.detail:
        shown = finding.detail[-LONGEST_FINDING:]  # what went wrong stands at the end of an output
    detail = f" ({_inert(shown)})" if shown else ""
    return f"{_inert((finding.message + place(finding))[:LONGEST_FINDING])}{detail}"


def closed(milestone: Milestone, gate: str, key: str, decisions: Sequence[Decision]) -> str:
    """Return what a question becomes once it is answered, or not asked any more."""
    lines = [
        f"✓ Answered: **{one.verb}**{'' if question_key(one) == key else f' ({one.kind})'} by {_inert(one.who)}"
        + (f" — {_inert(one.why)}" if one.why else "")
        for one in decisions
    ]
    what = "\n".join(lines) or "✓ No longer asked."
    return _whole(question_mark(milestone, gate, key), what, f"Gate `{gate}` of {milestone.id}.")


def refused(to: str, author: str, word: str, why: str) -> str:
    """Return the reply to an answer that was not taken."""
    problem = f"`/{word}` by {_inert(author)} was not taken: {_inert(why)}."
    return _whole(reply_mark(to), problem, "To answer, write a new comment; editing this one changes nothing.")


def tracking_title(milestone: Milestone) -> str:
    """Return the title of the issue on which a milestone's own questions are asked."""
    return f"Milestone {milestone.id}: {one_line(milestone.title)}"


def tracking_body(milestone: Milestone) -> str:
    """Return the body of that issue."""
    text = "The questions of this milestone that belong to no pull request are asked here, phase by phase."
    return _whole(f"{text}\n\n{tracking_mark(milestone)}")


def _whole(*parts: str) -> str:
    return for_record("\n\n".join(filter(None, parts)))[:LONGEST]


def _inert(text: str) -> str:
    return for_markdown(one_line(text))


# ---- answers ------------------------------------------------------------------------------------------------------

_WORDS = "|".join((*sorted(Verb, key=len, reverse=True), rf"(?:{'|'.join(sorted(ABOUT_A_TOPIC))})-[a-z0-9-]+"))
_COMMAND = re.compile(rf" {{0,3}}/({_WORDS})(?![\w-])[ \t]*(.*)", re.IGNORECASE)


def answers(body: str) -> tuple[tuple[str, str], ...]:
    """Return the words (`fix`, `approve-licence`) of a comment that begins with one, with what follows each.

    Any other comment has none.

    What is quoted, fenced or hidden is no answer, and neither are the commands of other bots.
    """
    lines = [line for line in _visible_lines(body) if line.strip()]
    if not lines or not _COMMAND.match(lines[0]):
        return ()
    commands: list[tuple[str, list[str]]] = []
    for line in lines:
        command = _COMMAND.match(line)
        if command:
            commands.append((command[1].lower(), [command[2]]))
        else:
            commands[-1][1].append(line)
    return tuple((verb, " ".join(" ".join(words).split())) for verb, words in commands)


def _visible_lines(body: str) -> Iterator[str]:
    """Yield the lines that a reader sees as the author's words: no quotes, code blocks or hidden text.

    A line right below a quoted one belongs to the quote, as a forge shows it.
    """
    text = re.sub(r"(?s)<!--.*?(-->|\Z)", "", body.replace("\r\n", "\n"))
    fence, is_quoted = "", False
    for line in text.split("\n"):
        opened = re.match(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})", line)
        closed = re.match(r" {0,3}(`{3,}|~{3,})\s*$", line)
        is_quoted = not fence and (re.match(r" {0,3}>", line) is not None or (is_quoted and line.strip() != ""))
        if fence:
            fence = "" if closed and closed[1].startswith(fence) else fence
        elif opened and not is_quoted:
            fence = opened[1]
        elif not is_quoted:
            yield line
