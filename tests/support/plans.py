"""Small plans that several files of scenarios start from."""

import json
import sys

COLOUR_AND_WEIGHT = """\
id: m1
title: First
phases:
  - issues:
      - number: 1
        title: Add a colour
        criteria: [Widgets have a colour]
      - number: 2
        title: Add a weight
        criteria: [Widgets have a weight]
        depends_on: [1]
"""
"""Two issues for people."""
QUICK = 'commands: {lint: ["true"], test: ["true"], review: [sh, -c, "echo []"]}\n'
"""What a plan says where linting, tests and review are not what a test is about."""
ONCE = "flaky: {reruns: 0}\n"
"""The same for flaky tests: one that fails runs again six times, which test_flaky.py looks at."""


def issue(number, part=None, **more):
    """An issue that makes one part, called by its number where it has no other name."""
    part = part or number
    return {"number": number, "title": f"Make part {part}", "criteria": [f"Part {part} is there"], **more}


def parts(*phases, **settings):
    """The text of a plan that makes parts, phase by phase; nothing lints or tests them unless it says so."""
    usual = {"id": "m1", "title": "Parts", "commands": {"lint": ["true"], "test": ["true"]}}
    return json.dumps({**usual, **settings, "phases": [{"issues": issues} for issues in phases]}, indent=1)


def command(code):
    """An agent that runs this Python."""
    return {"kind": "command", "command": [sys.executable, "-c", code]}
