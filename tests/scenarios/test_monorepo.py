"""A monorepo has commands by path: an issue runs those of what it changed, and of what depends on that."""

import json
import sys

import pytest
from support.person import Person

REPORT = """\
# Plays a test runner: each line of cases.txt in a folder is a test, `!` before it lets it fail.
import sys, pathlib
folder, report = sys.argv[1:]
print("ran", folder)
names = (pathlib.Path(folder) / "cases.txt").read_text().split()
cases = "".join(
    f'<testcase classname="cases" name="{name.strip("!")}">{"<failure/>" if name[0] == "!" else ""}</testcase>'
    for name in names
)
pathlib.Path(report).write_text(f"<testsuite>{cases}</testsuite>")
sys.exit(any(name[0] == "!" for name in names))
"""


def commands(tmp_path, **depends_on):
    test = [sys.executable, str(tmp_path / "runner.py")]
    parts = {
        f"{name}/**": {"test": [*test, name, "{junit}"], "depends_on": depends_on.get(name, [])}
        for name in ("api", "web")
    }
    return {"lint": ["true"], "review": "none", **parts}


@pytest.fixture
def make_monorepo(make_milestone, tmp_path):
    """Make a milestone in a repository with the folders api, web and shared; returns the person."""

    def make(work, issue="", **depends_on):
        (tmp_path / "runner.py").write_text(REPORT)
        settings = {"commands": commands(tmp_path, **depends_on), "sandbox": {"kind": "none"}}
        plan = "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items())
        ada = make_milestone({"01-1": work}, plan=plan, issue=issue)
        for name in ("api", "web", "shared"):
            (ada.folder / name).mkdir()
            (ada.folder / name / "cases.txt").write_text("test_a\n")
        ada.git("add", "api", "web", "shared", where=".")
        ada.git("commit", "--quiet", "--message=Add the parts", where=".")
        return ada

    return make


def ran(person):
    log = person.folder / "state/m1/logs/01/test.log"
    return [line.removeprefix("ran ") for line in log.read_text().splitlines() if line.startswith("ran ")]


def test_an_issue_tests_only_its_part(make_monorepo):
    ada = make_monorepo({"web/new.js": "a = 1\n", "web/cases.txt": "test_a\ntest_b\n"})
    result = ada.types("m1")
    assert ran(ada) == ["web"]
    assert "✓ Tests: 2 passed\n  of web\n" in result.out
    assert "Tested: web" in ada.pulls()[0]["body"]


def test_what_depends_on_it_is_tested_too(make_monorepo):
    ada = make_monorepo({"shared/a.txt": "1\n"}, api=["shared/**"], web=["api/**"])
    assert "✓ Tests: 2 passed\n  of api, web\n" in ada.types("m1").out
    assert ran(ada) == ["api", "web"]


KILLED = """\
import json, os, pathlib, signal, sys
if pathlib.Path("web/new.js").exists():
    with open({ran!r}, "a") as file:
        file.write(sys.argv[1] + " ")
    left = pathlib.Path({left!r})
    if sys.argv[1] == "web" and left.read_text():
        left.write_text(left.read_text()[1:])
        os.kill(json.loads(pathlib.Path({lock!r}).read_text())["pid"], signal.SIGKILL)
        signal.pause()
"""


def test_finished_parts_survive_repeated_kills(make_monorepo, tmp_path):
    ada = make_monorepo({"api/cases.txt": "test_a\ntest_b\n", "web/new.js": "a = 1\n"})
    files, lock = {"ran": str(tmp_path / "ran"), "left": str(tmp_path / "left")}, str(ada.folder / "state/m1/lock")
    (tmp_path / "left").write_text("xx")
    (tmp_path / "runner.py").write_text(KILLED.format(**files, lock=lock) + REPORT)
    assert [ada.types("m1").code for _ in range(2)] == [-9, -9]
    result = ada.types("m1")
    assert "· 1 test run from before the interruption counted, not made again" in result.out
    assert "✓ Tests: 3 passed\n  of api, web\n" in result.out
    assert (tmp_path / "ran").read_text() == "api web web web "
    (ada.folder / "state/m1/issues/01/test.json").unlink()
    ada.types("m1")
    assert (tmp_path / "ran").read_text() == "api web web web api web ", "a deleted marker has the step run again"


EDITED = {
    "copied file": lambda folder: (folder / "settings.env").write_text("a = 23\n"),
    "file in a copied folder": lambda folder: (folder / "data/deep/rows.csv").write_text("2\n"),
    "new file in a copied folder": lambda folder: (folder / "data/deep/more.csv").write_text("1\n"),
    "file behind a copied link": lambda folder: (folder / "data/deep/linked.csv").write_text("2\n"),
    "version tag": lambda folder: Person(folder).git("tag", "v2.0", where="."),
}


@pytest.mark.parametrize("what", ["variable", *EDITED])
def test_finished_parts_belong_to_their_environment(make_monorepo, tmp_path, what):
    ada = make_monorepo({"api/cases.txt": "test_a\ntest_b\n", "web/new.js": "a = 1\n"})
    files, lock = {"ran": str(tmp_path / "ran"), "left": str(tmp_path / "left")}, str(ada.folder / "state/m1/lock")
    (tmp_path / "left").write_text("x")
    (tmp_path / "runner.py").write_text(KILLED.format(**files, lock=lock) + REPORT)
    plan = ada.folder / "plans/m1/plan.yaml"
    settings = plan.read_text().replace('"review": ', '"pass_env": ["SHOP_URL"], "review": ')
    copied = "linked.csv" if "link" in what else "settings.env, data"
    plan.write_text(f"{settings}tree: {{copy: [{copied}]}}\n")
    (ada.folder / "settings.env").write_text("a = 1\n")
    (ada.folder / "data/deep").mkdir(parents=True)
    for name in ("rows.csv", "linked.csv"):
        (ada.folder / "data/deep" / name).write_text("1\n")
    (ada.folder / "linked.csv").symlink_to("data/deep/linked.csv")
    (ada.folder / "api/setup.cfg").write_text("[options]\nsetup_requires = setuptools_scm\n")
    ada.git("add", "api/setup.cfg", where=".")
    ada.git("commit", "--quiet", "--message=Take versions from git", where=".")
    assert ada.types("m1", env={"SHOP_URL": "one"}).code == -9
    EDITED.get(what, lambda _: None)(ada.folder)
    result = ada.types("m1", env={"SHOP_URL": "two" if what == "variable" else "one"})
    assert "not made again" not in result.out
    assert (tmp_path / "ran").read_text() == "api web api web "


def test_a_change_outside_of_parts_is_said(make_monorepo):
    ada = make_monorepo({"Makefile": "all:\n"})
    assert "⚠️ Outside of every part in `commands`: Makefile" in ada.types("m1").out
    assert ran(ada) == ["api", "web"]


def test_a_failure_in_one_part_stops(make_monorepo):
    ada = make_monorepo({"api/a.py": "a = 1\n", "api/cases.txt": "!test_a\n", "web/cases.txt": "test_a\ntest_b\n"})
    result = ada.types("m1")
    assert result.code == 3
    assert "✗ Tests: 1 failed, 2 passed" in result.out
    assert ada.reads("gates/01.json")["findings"][0]["rule"] == "api.cases::test_a"


def test_a_test_removed_in_one_part_is_seen(make_monorepo):
    ada = make_monorepo({"api/a.py": "a = 1\n", "api/cases.txt": "test_z\n", "web/b.js": "b = 1\n"})
    result = ada.types("m1")
    assert result.code == 3
    assert "Test removed: api.cases::test_a" in result.out


def test_a_test_of_its_part_proves(make_monorepo):
    issue = 'criteria: [{text: It is there, test: "web/cases::test_b"}]'
    ada = make_monorepo({"web/new.js": "a = 1\n", "web/cases.txt": "test_a\ntest_b\n"}, issue)
    ada.types("m1")
    assert "proven by `web/cases::test_b`" in ada.pulls()[0]["body"]
