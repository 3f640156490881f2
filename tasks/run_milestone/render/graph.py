"""Renders a milestone's graph as Mermaid, dot or JSON: issues in phases, dependencies, barriers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.text import for_terminal
from ..policy.graph import compile_graph
from .phrases import one_line, reference, short_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Issue, Milestone
    from ..policy.graph import Node


@dataclass(frozen=True, slots=True)
class Box:
    """A task of the milestone, or an issue with all its steps. `status` is done, skipped, waiting or open."""

    name: str
    text: str
    phase: int | None
    issue: bool
    status: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """`end` runs after `start`: a dependency of the plan where `needs` is set, else a barrier."""

    start: str
    end: str
    needs: bool


def boxes(milestone: Milestone, statuses: Mapping[str, str]) -> tuple[Box, ...]:
    """Return the milestone's tasks and its issues, in the order in which they run."""
    issues = {issue.number: issue for issue in milestone.issues}
    nodes = (node for node in compile_graph(milestone) if node.group or node.issue is None)
    return tuple(
        Box(node.name, _text(node, issues), node.phase, node.group, statuses.get(node.name, "open")) for node in nodes
    )


def _text(node: Node, issues: Mapping[str, Issue]) -> str:
    issue = issues.get(node.name)
    if issue is None:
        return for_terminal(one_line(node.title if node.phase else node.name))
    return for_terminal(f"#{issue.number} {short_title(issue)}{reference(issue)}")


def arrows(milestone: Milestone) -> tuple[Arrow, ...]:
    """Return the arrows. An order that other arrows imply is left out, a dependency never."""
    phases = {issue.number: issue.phase for issue in milestone.issues}
    pairs = dict.fromkeys(
        (before.partition(":")[0], node.issue or node.name)
        for node in compile_graph(milestone)
        for before in node.after
        if not node.group and before.partition(":")[0] != (node.issue or node.name)
    )
    alike = {pair for pair in pairs if len({phases.get(name) for name in pair}) == 1}
    return tuple(Arrow(*pair, needs=_issues(pair)) for pair in pairs if _issues(pair) or not _implied(pair, alike))


def _issues(pair: tuple[str, str]) -> bool:
    return all(name.isdigit() for name in pair)


def _implied(pair: tuple[str, str], alike: set[tuple[str, str]]) -> bool:
    """Return whether a neighbour in the issue's phase is already between it and the barrier."""
    return any(first == pair[0] or last == pair[1] for first, last in alike if _issues((first, last)))


# ---- the three forms ------------------------------------------------------------------------------------------


def draw(milestone: Milestone, statuses: Mapping[str, str], form: str) -> str:
    """Return the graph as `mermaid`, `dot` or `json`."""
    write = {"mermaid": _mermaid, "dot": _dot, "json": _json}[form]
    return write(milestone, boxes(milestone, statuses), arrows(milestone))


def _json(milestone: Milestone, shown: tuple[Box, ...], order: tuple[Arrow, ...]) -> str:
    nodes = [
        {"name": box.name, "text": box.text, "issue": box.issue, "phase": box.phase, "status": box.status}
        for box in shown
    ]
    edges = [{"from": arrow.start, "to": arrow.end, "needs": arrow.needs} for arrow in order]
    phases = [{"number": phase.number, "title": one_line(phase.title)} for phase in milestone.phases]
    facts = {"milestone": milestone.id, "title": one_line(milestone.title), "phases": phases}
    return json.dumps({**facts, "nodes": nodes, "edges": edges}, indent=2, ensure_ascii=False) + "\n"


_FILLS = {"done": "#d8f0df", "skipped": "#e6e6e6", "waiting": "#ffe2b8", "open": "#ffffff"}


def _mermaid(milestone: Milestone, shown: tuple[Box, ...], order: tuple[Arrow, ...]) -> str:
    outside = (box for box in shown if box.phase is None)
    lines = ["flowchart LR", *(f"  {_id(box.name)}([{_mermaid_text(box.text)}]):::{box.status}" for box in outside)]
    for phase in milestone.phases:
        lines.append(f"  subgraph p{phase.number}[{_mermaid_text(f'Phase {phase.number}: {one_line(phase.title)}')}]")
        lines += [
            f"    {_id(box.name)}[{_mermaid_text(box.text)}]:::{box.status}" for box in _inside(shown, phase.number)
        ]
        lines.append("  end")
    for box in (box for box in shown if box.phase is not None and not box.issue):
        lines.append(f"  {_id(box.name)}{{{{{_mermaid_text(box.text)}}}}}:::{box.status}")
    lines += [f"  {_id(arrow.start)} {'==>' if arrow.needs else '-->'} {_id(arrow.end)}" for arrow in order]
    lines += [f"  classDef {status} fill:{fill},stroke:#555,color:#111" for status, fill in _FILLS.items()]
    return "\n".join(lines) + "\n"


def _dot(milestone: Milestone, shown: tuple[Box, ...], order: tuple[Arrow, ...]) -> str:
    lines = [f"digraph {_dot_text(milestone.id)} {{", "  rankdir=LR;", '  node [shape=box, style="filled,rounded"];']
    for phase in milestone.phases:
        lines.append(f"  subgraph cluster_{phase.number} {{")
        lines.append(f"    label={_dot_text(f'Phase {phase.number}: {one_line(phase.title)}')};")
        lines += [f"    {_dot_node(box)}" for box in _inside(shown, phase.number)]
        lines.append("  }")
    lines += [f"  {_dot_node(box)}" for box in shown if not box.issue]
    lines += [f"  {_id(arrow.start)} -> {_id(arrow.end)}{' [penwidth=2]' if arrow.needs else ''};" for arrow in order]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_node(box: Box) -> str:
    shape = "" if box.issue else ", shape=hexagon" if box.phase else ", shape=oval"
    return f'{_id(box.name)} [label={_dot_text(box.text)}, fillcolor="{_FILLS[box.status]}"{shape}];'


def _inside(shown: tuple[Box, ...], phase: int) -> Iterator[Box]:
    return (box for box in shown if box.issue and box.phase == phase)


def _id(name: str) -> str:
    """Return a name that is valid in both languages: `i03`, `phase_1`."""
    return f"i{name}" if name.isdigit() else name.replace("-", "_")


def _mermaid_text(text: str) -> str:
    """Quote a text. Every character that Mermaid or HTML could interpret becomes an entity such as `#35;`."""
    return '"' + re.sub(r"[^\w .,:/()-]", lambda match: f"#{ord(match[0])};", text) + '"'


def _dot_text(text: str) -> str:
    """Quote a text for dot, where a backslash starts an escape."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
