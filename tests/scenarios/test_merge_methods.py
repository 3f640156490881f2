"""Pull requests land as the repository allows: by merge commits, squashed or rebased, by hand or by a queue."""

import json

import pytest
from support import loopback
from support.on_github import push_to

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))
PLAN = """\
forge: github
repository: {remote: 'git@github.com:acme/widgets.git'}
commands: {lint: ["true"], test: ["true"]}
limits: {coverage: 0}
"""
CHAIN = {f"0{number}-1": {"a.js": f"const a = {number}\n", f"b{number}.js": ""} for number in (1, 2, 3)}
APART = {"01-1": {"a.js": "const a = 1\n"}, "02-1": {"b.js": "const b = 2\n"}}


def on_github(make_milestone, github, files, *, chained, plan=PLAN):
    """Finish a milestone whose repository is on that GitHub; returns the person."""
    person = make_milestone(files, plan=plan)
    push_to(github, person)
    if chained:
        plan = person.folder / "plans/m1/plan.yaml"
        text = plan.read_text()
        for number in range(2, len(files) + 1):
            title = f"title: Issue 0{number}\n"
            text = text.replace(title, f"{title}        depends_on: [{number - 1}]\n")
        plan.write_text(text)
    person.types("m1")
    person.touches("phase-1.continue", milestone="m1")
    person.types("m1")
    return person


def test_a_squashed_chain_is_tested_once_more(make_milestone, github, tmp_path):
    github.hosted.methods, counter = {"SQUASH"}, tmp_path / "tested"
    count = json.dumps(["sh", "-c", f"echo x >> {counter}"])
    plan = f"{PLAN}sandbox: {{kind: none}}\n".replace('test: ["true"]', f"test: {count}")
    files = {**CHAIN, "04-1": {"a.js": "const a = 4\n", "b04.js": ""}}
    person = on_github(make_milestone, github, files, chained=True, plan=plan)
    before = len(counter.read_text().split())
    result = person.types("land", "m1")
    assert result.code == 0, result.out + result.err
    assert [pull.state for pull in github.hosted.pulls()] == ["MERGED"] * 4 + ["OPEN"]
    assert len(counter.read_text().split()) - before == 3, "all but the first take in what was squashed, once"


@pytest.mark.parametrize("methods", [pytest.param({"SQUASH"}, marks=pytest.mark.torture), {"REBASE"}])
def test_a_chain_lands_without_merge_commits(make_milestone, github, methods):
    github.hosted.methods = methods
    person = on_github(make_milestone, github, CHAIN, chained=True)
    result = person.types("land", "m1")
    assert result.code == 0, result.out + result.err
    assert [pull.state for pull in github.hosted.pulls()] == ["MERGED"] * 3 + ["OPEN"]
    tip = github.hosted.branch("milestone/m1")
    assert github.hosted.git("show", f"{tip}:a.js") == "const a = 3"
    assert github.hosted.git("rev-list", "--merges", f"main..{tip}") == ""


def test_issues_apart_land_despite_a_branch_rule(make_milestone, github):
    github.hosted.ruled_out = {"MERGE"}
    person = on_github(make_milestone, github, APART, chained=False)
    result = person.types("land", "m1")
    assert result.code == 0, result.out + result.err
    assert len(github.hosted.git("rev-list", "main..milestone/m1").split()) == 2, "one squashed commit each"


def test_a_merge_queue_is_waited_for(make_milestone, github):
    queue, branch = [], "milestone/m1"
    person = on_github(make_milestone, github, APART, chained=False, plan=f"{PLAN}checks: {{wait: 1s}}\n")
    github.hosted.queues = {branch: queue}
    waiting = person.types("land", "m1")
    assert waiting.code == 3
    assert f"PR #1 is in the merge queue of {branch} and not merged after 1s" in waiting.out
    assert queue == [1]
    assert person.types("land", "m1").code == 3
    assert queue == [1], "nothing is added twice"

    queue.clear()
    github.overhear = lambda: github.asked[-1].endswith("Queue") and queue.clear()
    result = person.types("land", "m1")
    assert f"PR #1 left the merge queue of {branch} without being merged" in result.out

    github.overhear = lambda: github.hosted.advance(branch)
    person.touches("01.retry", milestone="m1")
    result = person.types("land", "m1")
    assert result.code == 0, result.out + result.err
    assert [pull.state for pull in github.hosted.pulls()] == ["MERGED", "MERGED", "OPEN"]
