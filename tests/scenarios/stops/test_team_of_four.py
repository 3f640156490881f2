"""The plan for a team of four on the page "Who decides", played with everybody in it."""

import json

import pytest
import yaml
from support.pages import blocks
from test_approvers import make_key, signs
from test_people_missing import approval

PAGE = "docs/explanation/who-decides.md"
DROP = """\
from alembic import op

revision = "002"
down_revision = "001"


def upgrade():
    op.drop_column("t", "c")
"""
WORK = {"01-1": {"size.js": "const size = 1;\n"}, "02-1": {"alembic/versions/002.py": DROP}}


def of_page(language, number=0):
    return [block.text for block in blocks(PAGE) if block.language == language][number]


def comments(outcome, number, *authors):
    """These people approve, in comments on an issue of the forge."""
    path = outcome.home / f"remote.forge/issues/{number}.json"
    record = json.loads(path.read_text())
    record["comments"] += [{"author": who, "body": "/approve Nobody reads it", "at": ""} for who in authors]
    path.write_text(json.dumps(record))


def reviewed(outcome, number, *authors):
    """These people approve the pull request of an issue as it is."""
    pull = outcome.pull(number)
    path = outcome.home / f"remote.forge/pulls/{pull['number']}.json"
    reviews = [approval(who, outcome.remote(pull["head"])) for who in authors]
    path.write_text(json.dumps({**pull, "reviews": reviews}))


@pytest.fixture
def team(make_product, run_m1, tmp_path):
    """The plan of the page in a repository with its CODEOWNERS, run for the first time; and two people's keys."""
    page = yaml.safe_load(of_page("yaml"))
    issues = [{**issue, "github": 300 + issue["number"]} for issue in page["phases"][0]["issues"]]
    policy = {key: page[key] for key in ("teams", "people", "approvers")}
    plan = "".join(f"{key}: {json.dumps(value)}\n" for key, value in policy.items())
    ada = make_product(tmp_path / "home", issues, work=WORK, plan=plan)
    keys = {name: make_key(tmp_path, name) for name in ("mary", "grace")}
    files = {
        "CODEOWNERS": of_page("text"),
        ".allowed_signers": "".join(f"{name} {public}\n" for name, (_, public) in keys.items()),
    }
    for name, text in files.items():
        (ada.folder / name).write_text(text)
    ada.git("add", "CODEOWNERS", ".allowed_signers", where=".")
    ada.git("commit", "--quiet", "--message=Say who owns what", where=".")
    ada.git("push", "--quiet", "../remote.git", "main", where=".")
    for issue in issues:
        path = tmp_path / f"home/remote.forge/issues/{issue['github']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        record = {"number": issue["github"], "title": issue["title"], "body": "", "state": "open", "comments": []}
        path.write_text(json.dumps(record))
    return run_m1(ada), {name: key for name, (key, _) in keys.items()}


def test_everybody_of_the_team_is_heard(team, run_m1):
    outcome, keys = team
    ada = outcome.person
    assert outcome.gate("01")["kind"] == "people-missing"
    reviewed(outcome, "301", "mary")
    asked = run_m1(ada)
    assert asked.gate("02")["kind"] == "migration-breaking"
    assert "0 of 2, waits for @acme/dba" in ada.types("gates", "m1").out
    comments(outcome, 302, "ada", "grace")
    run_m1(ada)
    assert "approve by grace: 1 of 2, waits for @acme/dba" in ada.types("gates", "m1").out
    comments(outcome, 302, "linus")
    assert run_m1(ada).gate("02")["kind"] == "people-missing"
    reviewed(outcome, "302", "grace", "linus")
    phase = run_m1(ada).gate("phase-1")
    assert sorted(need["names"] for need in phase["needs"]) == [["@acme/dba"], ["@ada", "@mary"]]
    assert "does not prove who wrote it" in ada.types("decide", "m1", "phase-1", "continue").err
    signs(outcome, keys["grace"], "phase-1", "continue")
    waiting = run_m1(ada)
    assert "continue by grace: 0 of 1, waits for @ada, @mary" in ada.types("gates", "m1").out
    assert waiting.result.code == 3
    signs(outcome, keys["mary"], "phase-1", "continue")
    assert run_m1(ada).result.code == 0
