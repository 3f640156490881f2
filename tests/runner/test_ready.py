"""Which issues can be worked on now, as `plan matrix` tells it while a milestone goes its way."""

import json

PLAN = """\
id: m1
title: Pages
agent: {kind: command, command: [sh, -c, "mkdir -p pages && grep -om 1 'issue [0-9]* of' > $(mktemp pages/XXXXXX)"]}
repository: {remote: ../widgets.git}
commands:
  lint: ["true"]
  test: [sh, -c, "echo '<testsuite><testcase classname=\\"a\\" name=\\"b\\"/></testsuite>' > $0", "{junit}"]
phases:
  - issues:
      - {number: 1, title: One, criteria: [It is there]}
      - {number: 2, title: Two, criteria: [It is there], paths: {allow: ["other/**"]}}
      - {number: 3, title: Three, criteria: [It is there], depends_on: [1]}
  - issues:
      - {number: 4, title: Four, criteria: [It is there]}
"""


def ready(ada):
    result = ada.types("plan", "matrix", "m1", "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_ready_issues_follow_dependencies_gates_and_barriers(ada):
    ada.plans(PLAN)
    assert ready(ada) == [], "nothing before the plan was reviewed"

    ada.doit("run", "m1:plan-review")
    assert ready(ada) == ["01", "02"], "03 needs 01, 04 is behind a barrier"

    assert ada.types("m1", "--only", "1,2").code == 3
    assert ready(ada) == ["03"], "02 waits for a decision"
    ada.plans(PLAN.replace('"other/**"', '"pages/**"'))
    assert ready(ada) == [], "an edited plan is reviewed first"
    ada.doit("run", "m1:plan-review")
    assert ready(ada) == ["02", "03"], "the plan now allows what was asked about"

    assert ada.types("m1").code == 3
    assert ready(ada) == [], "a barrier waits for a person"
    ada.touches("phase-1.continue", milestone="m1")
    result = ada.types("ci", "publish", "m1")
    assert (result.code, result.lines[-1]) == (0, "Ready: 04")
    assert ready(ada) == ["04"]
    assert ada.types("plan", "matrix", "m1").out == "04\n"
