"""`ci check` on workflows as people write them: what is unsafe, on which line, and what to do."""

import pytest

from run_milestone.commands.ci.rules import broken_rules

UNSAFE = """\
name: milestone
on:
  issue_comment:
  pull_request_target:
concurrency:
  group: milestone
  cancel-in-progress: true
env:
  GH_TOKEN: ${{ secrets.GITHUB_TOKEN }}
jobs:
  run:
    runs-on: ubuntu-latest
    continue-on-error: true
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: run-milestone ${{ github.event.comment.body }} || true
  called:
    uses: ./.github/workflows/other.yml
    secrets: inherit
"""
FOUND = {
    "tree-with-token": 12,
    "cancels-a-run": 7,
    "wide-token": 9,
    "hidden-failure": 13,
    "unheard-cancel": 18,
    "template-injection": 18,
    "excessive-permissions": 1,
    "artipacked": 15,
    "unpinned-uses": 15,
    "dangerous-triggers": 3,
    "secrets-inherit": 20,
}
SAFE = """\
name: milestone
on:
  workflow_dispatch:
permissions: {}
concurrency: {group: milestone, cancel-in-progress: false}
jobs:
  work:
    runs-on: ubuntu-latest
    permissions: {}
    steps:
      - run: pip install --require-hashes --requirement run-milestone.txt
      - run: exec run-milestone ci work m1 --only 01
  push:
    runs-on: ubuntu-latest
    permissions: {contents: write}
    steps:
      - run: exec run-milestone ci publish m1
        env: {GH_TOKEN: "${{ github.token }}"}
"""


@pytest.fixture
def team(newcomer):
    """A team with a workflow of its own."""

    def says(text):
        path = newcomer.folder / ".github/workflows/milestone.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return newcomer

    return says


def first_lines(result):
    """The line of each rule's first problem; every line of the output but the last is one."""
    lines = {}
    for line in result.lines[:-1]:
        file, row, _, rule, _ = line.split(":", 4)
        assert file == ".github/workflows/milestone.yml"
        lines.setdefault(rule.strip(), int(row))
    return lines


def test_everything_unsafe_is_named_with_its_line(team):
    result = team(UNSAFE).types("ci", "check")
    assert result.code == 1
    assert FOUND.items() <= first_lines(result).items()
    assert "Put the value into `env` and use it as a variable of the shell" in result.out
    assert result.lines[-1].startswith("✗ ")


def test_a_workflow_that_does_it_right_passes(team):
    result = team(SAFE).types("ci", "check", ".github/workflows/milestone.yml")
    assert (result.code, result.out) == (0, "✓ no problem in 1 file\n"), result.out + result.err


RIGHTS = "    permissions: {}\n"
WORKS = "      - run: exec run-milestone ci work m1 --only 01\n"
LOCKED = "pip install --require-hashes --requirement run-milestone.txt"
OURS = [
    ("exec run-milestone ci p", "run-milestone ci p", "unheard-cancel"),
    ("exec run-milestone ci publish m1", "exec run-milestone ci publish m1 || echo red", "hidden-failure"),
    ("cancel-in-progress: false", "cancel-in-progress: '${{ true }}'", "cancels-a-run"),
    (WORKS, f"{WORKS}        continue-on-error: true\n", "hidden-failure"),
    (RIGHTS, "    permissions: {contents: write}\n", "tree-with-token"),
    (RIGHTS, "    permissions: read-all\n", "tree-with-token"),
    (WORKS, f"{WORKS}        env: {{GH_TOKEN: x}}\n", "tree-with-token"),
    (WORKS, f"{WORKS}        env: {{OTHER: '${{{{ github.token }}}}'}}\n", "tree-with-token"),
    ("run-milestone ci publish m1", "run-milestone m1 --state-ref", "tree-with-token"),
    ("run-milestone ci publish m1", "run-milestone land m1", "tree-with-token"),
    (LOCKED, "pip install run-milestone==0.1.0", "unpinned-install"),
    (LOCKED, "uv pip install 'run-milestone[all]'", "unpinned-install"),
    (LOCKED, "pipx install run-milestone", "unpinned-install"),
]


@pytest.mark.parametrize(("good", "bad", "rule"), OURS)
def test_each_of_our_own_rules_by_itself(good, bad, rule):
    assert good in SAFE
    assert [problem.rule for problem in broken_rules("x.yml", SAFE.replace(good, bad))] == [rule]


def test_rights_that_a_job_inherits_count():
    text = SAFE.replace(RIGHTS, "", 1).replace("permissions: {}", "permissions: {contents: read}")
    assert [problem.rule for problem in broken_rules("x.yml", text)] == ["tree-with-token"]


def test_two_runs_at_once_are_told():
    text = SAFE.replace("concurrency: {group: milestone, cancel-in-progress: false}\n", "")
    assert {one.rule for one in broken_rules("x.yml", text)} == {"no-concurrency"}


def test_a_token_for_every_step_is_told():
    rights = "    permissions: {contents: write}\n"
    text = SAFE.replace(rights, f"{rights}    env: {{GH_TOKEN: x}}\n")
    assert [one.rule for one in broken_rules("x.yml", text)] == ["wide-token"]


def test_a_lock_without_hashes_is_told(team):
    ada = team(SAFE)
    lock = ada.folder / ".github/run-milestone.lock.txt"
    lock.write_text("# a comment\nrun-milestone==0.1.0 \\\n    --hash=sha256:00\nsh==2.4.0\n")
    result = ada.types("ci", "check")
    assert result.code == 1
    assert result.lines[0].startswith(".github/run-milestone.lock.txt:4:1: unpinned-install: what is installed is ")


def test_what_is_no_workflow_gets_a_sentence(team):
    ada = team("jobs: [")
    result = ada.types("ci", "check")
    assert result.code == 2
    assert ".github/workflows/milestone.yml:1:8: this is not YAML: " in result.err
    assert "does not exist. Name a workflow" in ada.types("ci", "check", "missing.yml").err


def test_a_missing_workflow_is_explained(newcomer):
    result = newcomer.types("ci", "check")
    assert result.code == 2
    assert "Write one with `run-milestone ci github`." in result.err
