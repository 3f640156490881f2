"""The way of an issue, and of an answer, is as CONTRIBUTING.md tells it: one real run is traced."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import trace_calls

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"
PLAN = """\
id: m1
title: Pages
agent: {kind: command, command: [sh, -c, "mkdir -p pages && cat > $(mktemp pages/XXXXXX)"]}
commands:
  lint: ["true"]
  test:
    - sh
    - -c
    - |
      if test $(ls pages 2>/dev/null | wc -l) -eq 1; then
        echo '<testsuite><testcase classname="a" name="b"><failure/></testcase></testsuite>' > "$0"; exit 1
      fi
      echo '<testsuite><testcase classname="a" name="b"/></testsuite>' > "$0"
    - "{junit}"
phases: [{issues: [{number: 3, title: Three, criteria: [It is there]}]}]
"""
"""One issue whose tests fail until its agent has worked twice."""


def way(title):
    """The functions that CONTRIBUTING.md lists below a heading, in order."""
    section = CONTRIBUTING.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. `([\w.]+)`", section, re.MULTILINE)


def module_of(function):
    """The module of `runner.session.Session.execute`: names of classes are capitalised."""
    module = function.rpartition(".")[0]
    return re.sub(r"\.[A-Z]\w*$", "", module)


def is_in_order(functions, calls):
    """Whether functions were called one after the other, each as near to the next as there is a call of it."""
    left = list(functions)
    for call in reversed(calls):
        if left and call == left[-1]:
            left.pop()
    return left == []


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """Two traced runs of one milestone: its tests fail, then they are answered with `fix`."""
    folder = tmp_path_factory.mktemp("ways")
    (folder / "plans" / "m1").mkdir(parents=True)
    (folder / "plans" / "m1" / "plan.yaml").write_text(PLAN)
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message=Plan")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    first = traced_run(folder)
    approvals = folder / "state" / "m1" / "approvals"
    approvals.mkdir(exist_ok=True)
    (approvals / "03.fix").touch()
    return first, traced_run(folder)


def traced_run(folder):
    out = folder.with_suffix(".json")
    command = [sys.executable, trace_calls.__file__, str(out), "m1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    return json.loads(out.read_text())


def test_an_issue_goes_the_way_that_is_told(traces):
    functions, first = way("The way of an issue"), traces[0]
    print(f"figure: ways: {len(functions)} calls from the command to the marker of an issue's test")
    assert len(functions) <= 16
    assert is_in_order(functions, first["calls"][: first["written"]["03:test"]["at"]])


def test_no_call_to_a_marker_goes_back(traces):
    modules = traces[0]["written"]["03:test"]["stack"]
    assert len(modules) == len(set(modules)) <= 16, "no module calls one that called it"
    listed = [module_of(function) for function in way("The way of an issue")]
    assert [module for module in listed if module in modules] == modules
    assert len(listed) == len(set(listed))


def test_an_answer_goes_the_way_that_is_told(traces):
    functions, second = way("The way of an answer"), traces[1]
    print(f"figure: ways: {len(functions)} calls from an approval file to its effect")
    assert len(functions) <= 9
    assert is_in_order(functions, second["calls"][: second["written"]["03:implement"]["at"]])


def test_a_call_out_of_order_is_seen(traces):
    functions, first = way("The way of an issue"), traces[0]
    calls = first["calls"][: first["written"]["03:test"]["at"]]
    assert not is_in_order(functions[::-1], calls)
    assert not is_in_order([*functions, "runner.watch.wait_for_answer"], calls)
