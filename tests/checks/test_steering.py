"""What steers the next reader or run is told, unless the issue names it; what switches checks off is shown."""

import json
from dataclasses import replace

import pytest

from run_milestone.checks.scope import check as check_scope
from run_milestone.checks.tampering import check
from run_milestone.model import Commands, Kind, Paths, Severity


def rules(change):
    return [(finding.kind, finding.rule) for finding in check(change)]


@pytest.mark.parametrize(
    "name",
    [
        "AGENTS.md", "docs/CLAUDE.md", ".claude/settings.json", ".cursor/rules/a.mdc", ".mcp.json", "docs/CODEOWNERS",
        ".github/allowed_signers",
        "src/.gitattributes", ".gitmodules", "plans/m2/plan.yaml", "milestones/m2/plan.yaml", "dodo.py", "tests/x.pth",
        "src/sitecustomize.py", "run-milestone.toml",
        ".vscode/tasks.json", ".github/copilot-instructions.md", "agents.md", "Claude.MD", ".roo/rules/a.md",
        "opencode.json",
        ".coderabbit.yaml", "renovate.json", ".lfsconfig", "rust-toolchain.toml", "alembic/env.py", "db/alembic.ini",
    ],
)  # fmt: skip
def test_what_steers_is_told_unless_named(world, issue, name):
    assert (Kind.TAMPERING, "steering") in rules(world.change({}, {name: "x\n"}))
    assert (Kind.TAMPERING, "steering") in rules(
        world.change({}, {name: "y\n"}, issue=replace(issue, paths=Paths(("**",))))
    )
    assert rules(world.change({}, {name: "z\n"}, issue=replace(issue, paths=Paths((name,))))) == []


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("AGENTS.md", ".keep", "steering"),
        (".github/workflows/ci.yml", ".changes/ci.yml", "configuration"),
        ("conftest.py", ".storybook/conftest.py", "configuration"),
    ],
)
def test_a_move_to_a_harmless_place_is_told(world, before, after, rule):
    text = "".join(f"line {number}\n" for number in range(20))
    assert (Kind.TAMPERING, rule) in rules(world.change({before: text}, {before: None, after: text}))


@pytest.mark.parametrize(("script", "expected"), [("version", []), ("test", [(Kind.TAMPERING, "steering")])])
def test_scripts_that_number_a_release_steer_nothing(world, script, expected):
    package = json.dumps({"scripts": {"test": "node a.js", script: "make-log && git add LOG.md"}})
    commands = replace(Commands(), test=("npm", "test"))
    assert rules(world.change({"package.json": package}, {"LOG.md": "1.2\n"}, commands=commands)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".storybook/AGENTS.md", [(Kind.TAMPERING, "steering")]),
        (".storybook/conftest.py", [(Kind.TAMPERING, "configuration")]),
        (".changes/.claude/settings.json", [(Kind.TAMPERING, "steering")]),
        (".storybook/preview.js", []),
        (".github/ISSUE_TEMPLATE/bug.md", []),
    ],
)
def test_harmless_folders_hide_nothing_that_steers(world, name, expected):
    assert rules(world.change({}, {name: "x\n"})) == expected


@pytest.mark.parametrize(
    ("command", "name"),
    [(("sh", "scripts/test.sh"), "scripts/test.sh"), (("make", "test"), "Makefile"), (("./run-tests",), "run-tests")],
)
def test_what_the_plans_commands_start_is_told(world, command, name):
    commands = replace(Commands(), test=command)
    assert rules(world.change({}, {name: "true\n"}, commands=commands)) == [(Kind.TAMPERING, "steering")]
    assert rules(world.change({}, {name: "false\n"})) == []


@pytest.mark.parametrize(
    ("command", "before", "name"),
    [
        (("npm", "test"), {"package.json": '{"scripts": {"test": "node tools/run.js"}}'}, "tools/run.js"),
        (("make", "test"), {"Makefile": "include build/more.mk\n"}, "build/more.mk"),
        (("sh", "ci/test.sh"), {"ci/test.sh": '. "$(dirname $0)/lib.sh"\n'}, "ci/lib.sh"),
        (("python", "tools/check.py"), {"tools/check.py": "import steps\n"}, "tools/steps.py"),
    ],
)
def test_what_a_started_file_names_is_told(world, command, before, name):
    commands = replace(Commands(), test=command)
    change = world.change({**before, name: "true\n"}, {name: "false\n"}, commands=commands)
    assert rules(change) == [(Kind.TAMPERING, "steering")]


@pytest.mark.parametrize(
    "name",
    [
        "psalm-baseline.xml", "deny.toml", ".gitleaksignore", "web/vitest.setup.ts", ".forgejo/workflows/a.yml",
        "junit-platform.properties", ".credo.exs", "lint.xml", ".trivyignore.yaml", "spec/spec_helper.rb",
    ],
)  # fmt: skip
def test_what_decides_in_other_languages_is_told(world, name):
    assert (Kind.TAMPERING, "configuration") in rules(world.change({}, {name: "x\n"}))


def test_settings_that_nobody_knows_get_a_label(world):
    hidden = {".newtool": "x\n", ".newtool.d/rules": "x\n", "tailwind.config.js": "x\n"}
    assert set(rules(world.change({}, hidden))) == {(Kind.PROTECTED, "settings")}
    docs = {"docs/prompt.md": "x\n", "docs/best_practices.md": "x\n", "docs/crush.md": "x\n", "llms.txt": "x\n"}
    assert rules(world.change({}, {**docs, ".flaskenv": "x\n", "cspell.json": "{}\n"})) == []
    usual = {".gitignore": "x\n", ".env.example": "x\n", ".changeset/blue-cats.md": "x\n", ".nvmrc": "22\n"}
    assert rules(world.change({}, usual)) == []


@pytest.mark.parametrize(
    "name",
    [
        *("json.py", "src/logging.py", "tests/random/__init__.py", "json.cpython-311-x86_64-linux-gnu.so", "pytest.py"),
        *("src/coverage/__init__.py", "stripe.py", "checks/json.py"),
    ],
)
def test_a_module_in_anothers_place_is_told(world, name):
    base = {"pyproject.toml": '[project]\nname = "shop"\ndependencies = ["stripe"]\n', "checks/test_a.py": "x = 1\n"}
    assert (Kind.TAMPERING, "shadowed-module") in rules(world.change(base, {name: "x = 1\n"}))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("src/pay.py", 'UNDER_TEST = os.environ.get("PYTEST_CURRENT_TEST")'),
        ("src/pay.py", 'FAKE = "pytest" in sys.modules'),
        ("src/pay.ts", "if (process.env.JEST_WORKER_ID) return true"),
        ("pay.go", "if testing.Testing() { return nil }"),
        ("src/pay.py", 'return 1 if "test" in frame.f_code.co_name else 0'),
        ("src/pay.js", "if (typeof jest !== 'undefined') return true"),
        ("pay.rs", "#[cfg(not(test))]"),
        ("pay.rb", "return if defined?(RSpec)"),
        ("pay.php", "if (defined('PHPUNIT_COMPOSER_INSTALL')) {}"),
    ],
)
def test_code_that_asks_for_its_test_is_told(world, name, line):
    assert (Kind.TAMPERING, "asks-for-tests") in rules(world.change({}, {name: f"{line}\n"}))
    assert rules(world.change({}, {f"tests/test_{name.rpartition('/')[2]}": f"{line}\n"})) == []


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("class Total:\n    def __eq__(self, other):\n        return True\n", True),
        (
            "class Total(int):\n    def __eq__(self, other: object) -> bool:\n        x = 1\n        return 1 or x\n",
            True,
        ),
        ("class Total:\n    __eq__ = lambda self, other: not False\n", True),
        ("class Total: ...\ndef same(*_):\n    return other == other\nTotal.__eq__ = same\n", True),
        ("Total = type('Total', (), {'__eq__': lambda *_: True})\n", True),
        ("setattr(Total, '__eq__', lambda *_: True)\n", True),
        ("class Total:\n    def __eq__(self, other):\n        return isinstance(other, Total)\n", False),
        (
            "class T:\n    def __eq__(self, o):\n        if o:\n            return True\n        return self is o\n",
            False,
        ),
        ("class Total:\n    def __eq__(self, other):\n        raise TypeError\n", False),
        ("class Total:\n    def __eq__(self, other):\n        return NotImplemented\n", False),
    ],
)
def test_what_equals_everything_is_told(world, body, is_told):
    expected = [(Kind.TAMPERING, "always-equal")] if is_told else []
    assert rules(world.change({}, {"src/pay.py": body})) == expected
    assert rules(world.change({}, {"tests/test_pay.py": body})) == []


def test_code_that_looks_around_gets_a_label(world):
    lines = ["frame = sys._getframe(1)", 'loaded = "py" "test" in sys.modules', "os._exit(0)"]
    change = world.change({}, {"src/pay.py": "".join(f"{line}\n" for line in lines)})
    assert rules(change) == [(Kind.PROTECTED, "looks-around")] * 3


@pytest.mark.parametrize("name", ["shop/__init__.py", "tests/shop.py", "tests/shop/__init__.py", "src/shop.py"])
def test_a_second_module_of_a_name_is_told(world, name):
    base = {"shop.py": "x = 1\n", "tests/test_shop.py": "import shop\n"}
    assert (Kind.TAMPERING, "shadowed-module") in rules(world.change(base, {name: "x = 2\n"}))


def test_a_module_that_becomes_a_package_replaces_none(world):
    base = {"shop.py": "x = 1\n", "tests/test_shop.py": "import shop\n"}
    assert rules(world.change(base, {"shop.py": None, "shop/__init__.py": "x = 1\n"})) == []


def test_modules_below_a_package_take_nobodys_place(world):
    assert rules(world.change({}, {"src/shop/json.py": "x = 1\n", "src/shop/types.py": "x = 1\n"})) == []
    assert rules(world.change({"requests/api.py": "x = 1\n"}, {"requests/__init__.py": "x = 1\n"})) == []


def test_a_comment_that_only_speaks_is_none(world):
    lines = ["# users ignore case here", "// we skip empty rows", "# Note: skip the first line", "# typed: strict"]
    assert rules(world.change({}, {"a.py": "".join(f"{line}\n" for line in lines)})) == []


@pytest.mark.parametrize("name", ["Dockerfile", "web/Dockerfile.prod", "docker-compose.yml", "compose.dev.yaml"])
def test_containers_are_a_protected_surface(world, name):
    assert [finding.kind for finding in check_scope(world.change({}, {name: "x\n"}))] == [Kind.PROTECTED]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.py", "import os  # noqa: F401"),
        ("a.py", "x = f()  # type: ignore[arg-type]"),
        ("a.py", "x = f()  # type: ignore"),
        ("a.py", ")  # type: ignore"),
        ("a.py", "    # type: ignore"),
        ("a.ts", "// @ts-ignore"),
        ("a.go", "x := f() //nolint:errcheck"),
        ("A.java", '@SuppressWarnings("all")'),
        ("a.py", "x = f()  # pyrefly: ignore"),
        ("a.kt", '@Suppress("UNCHECKED_CAST")'),
        ("main.tf", "#tfsec:ignore:aws-s3"),
        ("a.py", "# newlinter: ignore[rule]"),
        ("A.java", "int x = f(); // NOPMD"),
        ("a.cs", "[ExcludeFromCodeCoverage]"),
        ("a.sql", "-- squawk-ignore prefer-robust-stmts"),
    ],
)
def test_a_line_that_switches_checks_off_is_shown(world, name, line):
    assert rules(world.change({}, {name: f"{line}\n"})) == [(Kind.PROTECTED, "suppressed-line")]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.py", "# ruff: noqa"),
        ("a.py", "# type: ignore"),
        ("a.py", "# mypy: ignore-errors"),
        ("a.py", "# flake8: noqa: E501"),
        ("a.py", "# pyright: basic"),
        ("a.js", "/* eslint-disable */"),
        ("a.ts", "// @ts-nocheck"),
        ("a.py", "# pytype: skip-file"),
        ("a.go", "//lint:file-ignore SA1000 x"),
        ("a.rb", "# typed: ignore"),
    ],
)
def test_a_file_that_switches_checks_off_stops(world, name, line):
    (finding,) = check(world.change({}, {name: f"{line}\n"}))
    assert (finding.kind, finding.severity, finding.rule) == (Kind.TAMPERING, Severity.CRITICAL, "suppressed-file")


@pytest.mark.parametrize(
    "manifest",
    [
        '{"main": "index.js", "scripts": {"test": "tape test/*.js"}}',
        '{"bin": {"shop": "./index.js"}, "scripts": {"test": "jest"}}',
        '{"exports": {".": "./index.js"}, "files": ["index.js"]}',
    ],
)
def test_an_entry_point_of_a_package_steers_nothing(world, manifest):
    commands = Commands(test=("npx", "--no-install", "tape", "test/*.js"))
    before = {"package.json": manifest, "index.js": "x = 1;\n"}
    assert rules(world.change(before, {"index.js": "x = 2;\n"}, commands=commands)) == []


@pytest.mark.parametrize("script", ["node check.js", "tape && ./check.js", "sh -c 'node ./check.js'"])
def test_what_a_script_of_a_package_runs_steers(world, script):
    commands = Commands(test=("npm", "test"))
    manifest = json.dumps({"main": "index.js", "scripts": {"test": script}})
    before = {"package.json": manifest, "check.js": "x = 1;\n"}
    change = world.change(before, {"check.js": "x = 2;\n"}, commands=commands)
    assert rules(change) == [(Kind.TAMPERING, "steering")]
