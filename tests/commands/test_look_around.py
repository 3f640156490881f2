"""What `init` sees in a repository: languages, package managers, test runners, and what else a plan begins with."""

import json
import os

import pytest

from run_milestone.commands.look_around import look_around
from run_milestone.core.presets import languages
from run_milestone.plan import load

PIP = '["{python}", "-m", venv, ".venv"], [".venv/bin/python", "-m", pip, install, '
PROJECT = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "shop"\n'
CARGO = '[package]\nname = "shop"\nversion = "0.1.0"\n[dependencies]\n'
SEEN = {
    "uv": ({"pyproject.toml": PROJECT, "uv.lock": ""}, "setup: [[uv, sync,", '"-m", pytest]'),
    "poetry": ({"pyproject.toml": "[tool.poetry.dependencies]\n"}, 'setup: [[poetry, install, "--no-int', "pytest"),
    "extras": (
        {"pyproject.toml": PROJECT + '[project.optional-dependencies]\ntest = ["pytest"]\n'},
        f'setup: [{PIP}"-e", ".[test]"]]',
        "pytest",
    ),
    "groups": (
        {"pyproject.toml": PROJECT + '[dependency-groups]\ndev = ["pytest", "attrs"]\n'},
        f'{PIP}"-e", ".", pytest, attrs]]',
        "pytest",
    ),
    "requirements": (
        {"requirements.txt": "attrs\n", "requirements-dev.txt": "pytest\n"},
        f'{PIP}"-r", "requirements.txt", "-r", "requirements-dev.txt"]]',
        "pytest",
    ),
    "requirements for tests and for developers": (
        {"setup.py": "", "requirements/dev.txt": "pytest==8\n", "requirements/tests.txt": "pytest==7\n"},
        f'{PIP}"-e", ".", "-r", "requirements/tests.txt"]]',
        "pytest",
    ),
    "requirements that tox names": (
        {
            "setup.py": "",
            "tox.ini": "[testenv]\ndeps = -r requirements/tests.txt\n",
            "requirements/dev.txt": "pytest==8\n",
            "requirements/tests.txt": "pytest==7\n",
        },
        f'{PIP}"-e", ".", "-r", "requirements/tests.txt"]]',
        "pytest",
    ),
    "requirements that tox names without a space": (
        {
            "setup.py": "",
            "tox.ini": "[testenv]\ndeps =\n  time-machine\n  -rrequirements-test.txt\n",
            "requirements-test.txt": "pytest==8\n",
        },
        f'{PIP}"-e", ".", "time-machine", "-r", "requirements-test.txt"]]',
        "pytest",
    ),
    "requirements for developers": (
        {"setup.py": "", "requirements/dev.txt": "pytest==8\n"},
        f'{PIP}"-e", ".", "-r", "requirements/dev.txt"]]',
        "pytest",
    ),
    "hatch": (
        {"pyproject.toml": PROJECT + '[tool.hatch.envs.test]\ndependencies = ["pytest-mock"]\n'},
        f'{PIP}"-e", ".", "pytest-mock"]]',
        "pytest",
    ),
    "tox": (
        {"setup.py": "", "tox.ini": "[testenv]\ndeps =\n  pytest\n  -rdev.txt\n  attrs >= 22\n  py38: x\n"},
        f'{PIP}"-e", ".", pytest, "-r", "dev.txt", "attrs>=22"]]',
        "pytest",
    ),
    "Django": (
        {"manage.py": "from django.core import management\n", "requirements.txt": "django\n"},
        "requirements.txt",
        'test: ["{python}", "manage.py", test, "--verbosity", "2", "--noinput"]',
    ),
    "Django's application": (
        {
            "setup.py": "",
            "tox.ini": "[testenv]\ncommands =\n  coverage run -m django test --settings=tests.settings {posargs}\n",
        },
        '"-e", "."',
        'env: {DJANGO_SETTINGS_MODULE: "tests.settings"}',
    ),
    "Django's application by make": (
        {"setup.py": "", "Makefile": "test:\n\tpython -W all -m django-admin test app --settings conf.test\n"},
        '"-e", "."',
        'test: ["{python}", "-m", django, test, "--verbosity", "2", "--noinput"]',
    ),
    "Django with pytest": (
        {"manage.py": "from django.core import management\n", "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = a\n"},
        "",
        'test: ["{python}", "-m", pytest]',
    ),
    "tests.py": ({"requirements.txt": "flask\n", "tests.py": ""}, "requirements.txt", 'pytest, "tests.py"]'),
    "npm": ({"package.json": '{"devDependencies": {"jest": "1"}}', "package-lock.json": "{}"}, "[[npm, ci,", "jest,"),
    "pnpm": ({"package.json": '{"devDependencies": {"vitest": "1"}}', "pnpm-lock.yaml": ""}, "[[pnpm,", "vitest, run"),
    "yarn": ({"package.json": '{"devDependencies": {"mocha": "1"}}', "yarn.lock": ""}, "[[yarn,", "mocha,"),
    "ava": (
        {"package.json": '{"scripts": {"test": "xo && ava"}, "devDependencies": {"ava": "1", "xo": "1"}}'},
        "[[npm, install,",
        '[npx, "--no-install", ava, "--tap"]',
    ),
    "mocha by its script": (
        {"package.json": '{"scripts": {"test": "mocha -r test/env test/ test/acceptance/"}}'},
        "",
        '[npm, test, "--ignore-scripts", "--", "--reporter", xunit,',
    ),
    "jest by its script": (
        {"package.json": '{"scripts": {"test": "eslint . && NODE_OPTIONS=--experimental-vm-modules jest --ci"}}'},
        "",
        '[npm, test, "--ignore-scripts", "--", "--json",',
    ),
    "mocha before something else": (
        {"package.json": '{"scripts": {"test": "nyc mocha && eslint ."}, "devDependencies": {"mocha": "1"}}'},
        "[[npm, install,",
        '[npx, "--no-install", mocha,',
    ),
    "mocha after a build": (
        {"package.json": '{"scripts": {"pretest": "npm run compile", "test": "c8 mocha test/*.mjs"}}'},
        "",
        'test: [npm, test, "--", "--reporter", xunit,',
    ),
    "vitest after a build": (
        {"package.json": '{"scripts": {"pretest": "tsc -p ."}, "devDependencies": {"vitest": "1"}}'},
        "[[npm, install,",
        'test: [sh, "-c", "npm run pretest && exec \\"$0\\" \\"$@\\"", npx, "--no-install", vitest,',
    ),
    "tape after a linter": (
        {"package.json": '{"scripts": {"pretest": "eslint ."}, "devDependencies": {"tape": "1"}}'},
        "[[npm, install,",
        "test: [npx,",
    ),
    "node": ({"package.json": '{"scripts": {"test": "node --test"}}'}, "", 'node, "--test"'),
    "cmake": (
        {"CMakeLists.txt": "project(shop C)\nif(TESTS)\n  enable_testing()\nendif()\n", "Makefile": "test:\n\ttrue\n"},
        "",
        'test: [ctest, "--build-and-test", ".", "{junit}.build",',
    ),
    "cmake's own module": ({"CMakeLists.txt": "include( CTest )\n"}, "", "test: [ctest,"),
    "cmake without tests": (
        {"CMakeLists.txt": "project(shop)\n", "Makefile": "test:\n\ttrue\n"},
        "",
        "test: [make, test]",
    ),
    "go": ({"go.mod": "module shop\n"}, "", 'test: [go, test, "-json", "./..."]'),
    "cargo": ({"Cargo.toml": CARGO}, "", "test: [cargo, test,"),
    "cargo with dependencies": ({"Cargo.toml": CARGO + 'itoa = "1"\n'}, "[[cargo, fetch]]", "[cargo, test,"),
    "maven": ({"pom.xml": "<project/>"}, "[[mvn,", 'report: "target/surefire-reports"'),
    "gradle": ({"build.gradle.kts": "", "gradlew": ""}, '[["./gradlew",', 'report: "build/test-results/test"'),
    "ruby": ({"Gemfile": "", ".rspec": ""}, "[[bundle, install]]", 'rspec, "--format"'),
    "make": ({"Makefile": "test:\n\ttrue\n"}, "", "test: [make, test]"),
    "nothing": ({"readme.txt": ""}, "", "nothing here says how it is tested"),
}


@pytest.fixture
def initiated(newcomer):
    """Let a newcomer begin in a repository with these files; returns the text of the plan."""

    def begin(files):
        for old in ("pyproject.toml", "widgets.py", "tests/test_widgets.py"):
            (newcomer.folder / old).unlink()
        for name, text in files.items():
            path = newcomer.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert newcomer.types("init").code == 0
        load(newcomer.folder / "plans/m1")
        return (newcomer.folder / "plans/m1/plan.yaml").read_text()

    return begin


@pytest.mark.parametrize("kind", SEEN)
def test_a_plan_sets_up_and_tests_by_preset(initiated, kind):
    files, setup, test = SEEN[kind]
    plan = initiated(files)
    assert setup in plan
    assert ("setup:" in plan) is bool(setup)
    assert test in plan


VITEST = '{"name": "@shop/web", "scripts": {"test": "vitest run"}}'
MONOREPOS = {
    "products beside each other": (
        {
            "api/pyproject.toml": PROJECT,
            "api/uv.lock": "",
            "api/tests/test_a.py": "",
            "web/package.json": VITEST,
            "web/package-lock.json": "{}",
        },
        [
            '    - [env, "-C", api, uv, sync,',
            '    - [env, "-C", web, npm, ci,',
            'python: "api/.venv/bin/python"',
            '"api/**": {test: [env, "-C", api, "{python}", "-m", pytest]}',
            '"web/**": {test: [env, "-C", web, npx, "--no-install", vitest, run,',
        ],
    ),
    "an application with its frontend": (
        {
            "pyproject.toml": PROJECT,
            "uv.lock": "",
            "tests/test_a.py": "",
            "web/package.json": VITEST,
            "web/yarn.lock": "",
        },
        ["- [uv, sync,", '- [env, "-C", web, yarn, install,', 'test: ["{python}", "-m", pytest]', '"web/**": {test:'],
    ),
    "a workspace of uv": (
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            "uv.lock": "",
            "packages/core/pyproject.toml": PROJECT,
            "packages/core/tests/test_a.py": "",
            "packages/cli/pyproject.toml": '[project]\nname = "cli"\ndependencies = ["shop>=1"]\n',
            "packages/cli/tests/test_b.py": "",
            "packages/none/pyproject.toml": '[project]\nname = "none"\n',
        },
        [
            'setup: [[uv, sync, "--frozen", "--all-packages",',
            '"packages/cli/**": {test: [env, "-C", "packages/cli", "{python}", "-m", pytest], depends_on: ',
            'depends_on: ["packages/core/**"]}',
            '"packages/core/**": {test: [env, "-C", "packages/core", "{python}", "-m", pytest]}',
        ],
    ),
    "a workspace of pnpm": (
        {
            "package.json": '{"scripts": {"test": "turbo test"}}',
            "pnpm-lock.yaml": "",
            "pnpm-workspace.yaml": "packages: [packages/*]\n",
            "packages/web/package.json": VITEST,
            "packages/app/package.json": '{"dependencies": {"@shop/web": "workspace:*"}, "scripts": {"test": "mocha"}}',
        },
        ["setup: [[pnpm, install,", '"packages/app/**": {test: [env', 'depends_on: ["packages/web/**"]}'],
    ),
    "a workspace that is tested at its top": (
        {
            "package.json": '{"workspaces": ["packages/a"], "scripts": {"test": "node test/index.js"}, '
            '"devDependencies": {"xo": "1"}}',
            "package-lock.json": "",
            "packages/a/package.json": '{"name": "a"}',
            "test/index.js": "",
        },
        ["setup: [[npm, ci,", "  test: [npm, test]", 'lint: [npx, "--no-install", xo, "--fix",'],
    ),
    "modules of Go": (
        {
            "api/go.mod": "module shop.example/api\n\nrequire shop.example/lib v0.0.0\n",
            "api/a_test.go": "",
            "lib/go.mod": "module shop.example/lib\n",
            "lib/b_test.go": "",
        },
        ['"api/**": {test: [env, "-C", api, go, test,', 'depends_on: ["lib/**"]}', 'lint: ["true"]', "review: none"],
    ),
    "a workspace of cargo": (
        {
            "Cargo.toml": "[workspace]\nmembers = ['crates/a']\n",
            "crates/a/Cargo.toml": CARGO,
            "crates/a/src/lib.rs": "",
        },
        ['test: [cargo, test, "--workspace"'],
    ),
}


@pytest.mark.parametrize("kind", MONOREPOS)
def test_a_monorepo_has_commands_by_path(initiated, kind):
    files, lines = MONOREPOS[kind]
    plan = initiated(files)
    assert [line for line in lines if line not in plan] == []
    assert "packages/none/**" not in plan
    assert "turbo" not in plan


def test_a_library_with_other_folders_stays_one(initiated):
    plan = initiated({"pyproject.toml": PROJECT, "website/package.json": VITEST, "website/yarn.lock": ""})
    assert "website" not in plan


@pytest.mark.parametrize("name", ["{{cookiecutter.name}}", 'q"q', "-dash", "x\nsandbox: {kind: none}\n#"])
def test_a_folder_with_signs_is_no_project(initiated, name):
    plan = initiated(
        {"my api/go.mod": "module shop/api\n", "my api/a_test.go": "", f"{name}/go.mod": "module shop/b\n"}
    )
    assert '"my api/**": ' in plan
    assert name not in plan


def test_a_closed_folder_is_no_project(tmp_path, monkeypatch):
    for name in ("data", "web"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text("module shop\n")
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path / "data")
    assert [part.folder for part in look_around(tmp_path).parts] == ["web"]


@pytest.mark.parametrize("settings", ["[tool.hatch.envs]\ntest = 3\n", "[tool.hatch.envs.test]\ndependencies = 3\n"])
def test_odd_settings_of_hatch_are_passed_over(initiated, settings):
    assert 'test: ["{python}", "-m", pytest]' in initiated({"pyproject.toml": PROJECT + settings})


@pytest.mark.parametrize("sign", ["alembic.ini", "migrations/alembic.ini", "manage.py"])
def test_migrations_are_seen(initiated, sign):
    assert f"migrations (by {sign})" in initiated({"pyproject.toml": PROJECT, sign: ""})


def test_two_tools_of_one_folder_are_no_monorepo(initiated):
    plan = initiated({"pyproject.toml": PROJECT, "Makefile": "test:\n\ttrue\n"})
    assert "# The commands below are for the first." in plan


def test_a_plan_is_about_twenty_lines(initiated):
    head = initiated({"pyproject.toml": PROJECT}).partition("\nphases:")[0]
    assert len(head.splitlines()) <= 20


def test_every_preset_knows_tests_and_their_report():
    for language in languages()[:-1]:
        assert language.test_files
        assert all(runner.test for runner in language.runners)


# ---- where the repository is from ---------------------------------------------------------------------------------


def test_the_target_is_the_remotes_default_branch(newcomer, tmp_path):
    newcomer.git("clone", "--quiet", "--bare", ".", str(tmp_path / "hub.git"), where=".")
    newcomer.git("remote", "add", "origin", str(tmp_path / "hub.git"), where=".")
    newcomer.git("fetch", "--quiet", "origin", where=".")
    newcomer.git("remote", "set-head", "origin", "main", where=".")
    newcomer.git("switch", "--quiet", "--create", "my-feature", where=".")
    newcomer.types("init")
    assert load(newcomer.folder / "plans/m1").target == "main"


def test_a_plan_begins_with_open_issues(newcomer):
    folder = newcomer.forge / "issues"
    folder.mkdir(parents=True)
    for number, state in ((7, "open"), (8, "closed"), (9, "open"), (11, "open")):
        record = {"number": number, "title": f"Issue {number}", "body": "- [ ] It is done", "state": state}
        (folder / f"{number}.json").write_text(json.dumps({**record, "labels": [], "milestone": None}))
    result = newcomer.types("init")
    assert "It begins with #9 and #11 of the forge" in result.out
    plan = load(newcomer.folder / "plans/m1")
    assert [(issue.github, issue.title) for issue in plan.issues] == [(9, "Issue 9"), (11, "Issue 11")]
    assert plan.issues[0].criteria[0].text == "It is done"


def test_a_forge_that_cannot_be_asked_is_named(newcomer, tmp_path):
    newcomer.git("remote", "add", "origin", "git@github.com:acme/widgets.git", where=".")
    result = newcomer.types("init", env={"GH_CONFIG_DIR": str(tmp_path), "GH_TOKEN": "", "GITHUB_TOKEN": ""})
    assert result.code == 0
    assert "The forge was not asked for issues: " in result.out


def test_without_a_commit_nothing_begins(person):
    person.git("init", "--quiet", where=".")
    result = person.types("init")
    assert (result.code, "has no commit yet" in result.err) == (2, True)
    assert os.listdir(person.folder) == [".git"]


# ---- coding agents ------------------------------------------------------------------------------------------------

CLAUDE = """\
#!/bin/sh
cat >/dev/null
test -n "$ANTHROPIC_API_KEY" || test -f "$HOME/.claude/.credentials.json" || exit 7
printf 'COLOUR = "red"\\n' >> widgets.py
printf 'from widgets import COLOUR\\n\\n\\ndef test_it():\\n    assert COLOUR\\n' > tests/test_colour.py
echo '{"result": "done", "total_cost_usd": 0.5, "is_error": false}'
"""
PLAN = """\
id: m1
title: First
agent: {use: claude}
phases:
  - issues:
      - number: 1
        title: Colour
        criteria: [There is a colour]
"""


@pytest.fixture
def with_claude(newcomer, tmp_path, monkeypatch):
    """A newcomer on whose machine a program called claude is installed."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/claude").write_text(CLAUDE)
    (tmp_path / "bin/claude").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    return newcomer


def test_installed_agents_and_their_login_are_named(with_claude):
    with_claude.types("init")
    plan = (with_claude.folder / "plans/m1/plan.yaml").read_text()
    assert "{use: claude}; claude is installed, not logged in: set ANTHROPIC_API_KEY" in plan


def test_init_keeps_a_key_outside_the_sandbox(with_claude):
    with_claude.types("init", env={"ANTHROPIC_API_KEY": "canary-key"})
    plan = (with_claude.folder / "plans/m1/plan.yaml").read_text()
    named = '{use: claude, model: {host: "api.anthropic.com", key: "ANTHROPIC_API_KEY"}}'
    assert f"{named}; claude is installed, logged in by ANTHROPIC_API_KEY" in plan
    with_claude.plans(PLAN.replace("{use: claude}", named))
    assert with_claude.types("plan", "check", "m1").code == 0


@pytest.mark.parametrize("by", ["key", "file"])
def test_an_agent_that_is_used_gets_its_login(with_claude, by):
    with_claude.types("init")
    with_claude.plans(PLAN)
    home = with_claude.folder.parent / "home"
    (home / ".claude").mkdir(parents=True)
    if by == "file":
        (home / ".claude/.credentials.json").write_text('{"accessToken": "canary-0123456789-canary"}')
    key = {"ANTHROPIC_API_KEY": "canary-key"} if by == "key" else {}
    result = with_claude.types("m1", env={"HOME": str(home), **key})
    assert "✓ Implemented" in result.out, result.out
    assert with_claude.reads("issues/01/implement.json")["evidence"]["cost"] == 0.5


@pytest.mark.parametrize(
    ("agent", "problem"),
    [
        ("{use: cluade}", "agent.use: is 'cluade', expected one of claude, codex"),
        ("{use: claude, command: [claude]}", "agent.command: stands beside `use: claude`"),
        ("{use: [claude]}", "agent.use"),
    ],
)
def test_an_unknown_agent_is_refused(newcomer, agent, problem):
    newcomer.types("init")
    newcomer.plans(PLAN.replace("{use: claude}", agent))
    result = newcomer.types("plan", "check", "m1")
    assert result.code == 2
    assert problem in result.err


# ---- trying it ----------------------------------------------------------------------------------------------------


def test_the_plan_as_made_is_not_run(newcomer):
    newcomer.types("init")
    assert "✗ Issue #01 is not described yet" in newcomer.types("plan", "check", "m1").out
    result = newcomer.types("m1")
    assert result.code == 3
    assert "it still says “Describe issue 1 here”. Describe it in the plan" in result.out


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, "1 collected by "),
        ({"tests/test_widgets.py": "import nowhere\n"}, "ModuleNotFoundError: No module named 'nowhere'"),
        ({"tests/test_widgets.py": "def test_it(:\n"}, "SyntaxError"),
    ],
    ids=["works", "import", "syntax"],
)
def test_the_doctor_collects_the_tests(newcomer, change, shown):
    newcomer.types("init")
    for name, text in change.items():
        (newcomer.folder / name).write_text(text)
    newcomer.git("commit", "--quiet", "--all", "--allow-empty", "--message=Change", where=".")
    result = newcomer.types("doctor", "m1")
    (line,) = [line for line in result.lines if " m1 tests " in line]
    assert shown in line, result.out
    assert result.code == (1 if change else 0)


def test_the_doctor_tries_the_setup(newcomer):
    newcomer.types("init")
    plan = newcomer.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text() + "tree: {setup: [[sh, -c, 'echo no such package >&2; exit 3']]}\n")
    result = newcomer.types("doctor", "m1")
    assert result.code == 1
    assert "ended with exit code 3: no such package" in result.out


@pytest.mark.parametrize("command", [("plan", "check", "m1"), ("doctor", "m1")], ids=["check", "doctor"])
def test_what_a_tree_lacks_is_said(newcomer, command):
    newcomer.types("init")
    (newcomer.folder / "node_modules").mkdir()
    assert "node_modules is in your checkout and not in git" in newcomer.types(*command).out


@pytest.mark.parametrize(
    "command", [("plan", "check", "m1"), ("doctor", "m1"), ("m1",)], ids=["check", "doctor", "run"]
)
def test_a_missing_path_of_the_sandbox_is_named(newcomer, command):
    newcomer.types("init")
    plan = newcomer.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text() + "sandbox: {read: [/srv/no-models]}\n")
    sentence = "`sandbox.read` names /srv/no-models, which does not exist: no command sees it. Correct it, or leave"
    assert sentence in newcomer.types(*command).out


def test_the_doctor_misses_the_first_commit(newcomer):
    newcomer.types("init")
    newcomer.git("update-ref", "-d", "refs/heads/main", where=".")
    result = newcomer.types("doctor", "m1")
    assert result.code == 1
    assert "main has no commit in this repository" in result.out
