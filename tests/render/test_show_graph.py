"""The graph as text: what a person or a program reads in it is the plan, whatever the titles hold."""

import json
import re

import pytest

from run_milestone.model import Issue, Milestone, Phase
from run_milestone.render.graph import draw


def issue(number, phase, *needs, title="Work"):
    return Issue(number, title, "work", phase, depends_on=needs)


@pytest.fixture
def milestone():
    first = Phase(1, "Base", (issue("01", 1), issue("02", 1, "01"), issue("03", 1)))
    second = Phase(2, "Top", (issue("04", 2, "01"),))
    return Milestone("m1", "First", "milestone/m1", (first, second))


def order(milestone):
    facts = json.loads(draw(milestone, {}, "json"))
    return {(edge["from"], edge["to"]): edge["needs"] for edge in facts["edges"]}


def test_every_dependency_is_exactly_one_arrow(milestone):
    assert order(milestone) == {
        ("bootstrap", "plan-review"): False,
        ("plan-review", "01"): False,
        ("01", "02"): True,
        ("plan-review", "03"): False,
        ("02", "phase-1"): False,
        ("03", "phase-1"): False,
        ("phase-1", "04"): False,
        ("01", "04"): True,
        ("04", "phase-2"): False,
        ("phase-2", "complete"): False,
    }


def test_every_format_shows_issues_with_phase_and_status(milestone):
    statuses = {"01": "done", "02": "waiting", "phase-1": "open"}
    mermaid, dot = (draw(milestone, statuses, form) for form in ("mermaid", "dot"))
    inside = mermaid.split('subgraph p1["Phase 1: Base"]')[1].split("end")[0]
    assert re.findall(r"(i\d\d)\[.*?\]:::(\w+)", inside) == [("i01", "done"), ("i02", "waiting"), ("i03", "open")]
    assert "i01 ==> i02" in mermaid
    assert "i02 --> phase_1" in mermaid
    cluster = dot.split("subgraph cluster_2 {")[1].split("  }\n")[0]
    assert 'i04 [label="#04 Work"' in cluster
    assert "i01 -> i04 [penwidth=2];" in dot
    nodes = {node["name"]: node["status"] for node in json.loads(draw(milestone, statuses, "json"))["nodes"]}
    assert nodes == {
        **dict.fromkeys(("bootstrap", "plan-review", "03", "04", "phase-1", "phase-2", "complete"), "open"),
        "01": "done",
        "02": "waiting",
    }


HOSTILE = [
    '"]; click i01 "javascript:alert(1)',
    'a"b\\',
    "x\\",
    "`**bold**`",
    "<img src=x onerror=alert(1)>",
    "one\ntwo %% three",
    "#quot; &quot;",
    "\x1b[31mred\u202e",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_stays_inside_its_quotes(title):
    whole = Milestone("m1", title, "milestone/m1", (Phase(1, title, (issue("01", 1, title=title),)),))
    mermaid, dot = (draw(whole, {}, form) for form in ("mermaid", "dot"))
    (line,) = (line for line in mermaid.splitlines() if line.startswith("    i01"))
    label = re.fullmatch(r'    i01\["([^"]*)"\]:::open', line)
    assert label
    assert not set(label[1].replace("#", "")) & set('"<>&`[]{}%\\\x1b\u202e')
    (line,) = (line for line in dot.splitlines() if line.startswith("    i01"))
    quoted = re.match(r'    i01 \[label="((?:[^"\\]|\\.)*)", fillcolor=', line)
    assert quoted, line
    assert json.loads(draw(whole, {}, "json"))["title"]
