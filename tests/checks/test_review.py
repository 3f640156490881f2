"""The built-in reviewer: real ruff and detect-secrets, on the lines the issue adds, and never a silent pass."""

from dataclasses import replace

import pytest

from run_milestone.checks.reviewers import ask
from run_milestone.checks.static_review import review
from run_milestone.model import Commands, Kind, Reviewer, Severity

RUFF = '[tool.ruff.lint]\nselect = ["D101", "D103", "E", "F", "S"]\n'
SANITIZE = '''\
"""Sanitizing what users send."""

import os
import re

SPACE = re.compile(r"\\s+")


def sanitize(text: str) -> str:
    """Return the text without needless space."""
    return SPACE.sub(" ", text).strip()


# The class is for callers that sanitize often.
class InputSanitizer:
    def __call__(self, text: str) -> str:
        return sanitize(text)
'''


def reported(change):
    return [(finding.severity, finding.rule, finding.message, finding.line) for finding in review(change)]


def test_the_founding_example_finds_docstring_before_import(world):
    change = world.change({"pyproject.toml": RUFF}, {"src/users/sanitize.py": SANITIZE})
    assert reported(change) == [
        (Severity.WARNING, "D101", "Missing docstring in public class", 15),
        (Severity.WARNING, "F401", "`os` imported but unused", 3),
    ]
    assert {(finding.kind, finding.path) for finding in review(change)} == {(Kind.REVIEW, "src/users/sanitize.py")}


def test_after_the_fix_there_is_nothing(world):
    clean = SANITIZE.replace("import os\n", "").replace("Sanitizer:\n", 'Sanitizer:\n    """Sanitizes."""\n\n')
    assert reported(world.change({"pyproject.toml": RUFF}, {"src/users/sanitize.py": clean})) == []


def test_only_added_lines_are_reviewed(world):
    before = {"pyproject.toml": RUFF, "a.py": "import os\n\nx = 1\n", "b.py": "import sys\n"}
    assert reported(world.change(before, {"a.py": "import os\nimport re\n\nx = 1\n"})) == [
        (Severity.WARNING, "F401", "`re` imported but unused", 2)
    ]


@pytest.mark.parametrize(("configuration", "rules"), [("", []), (RUFF, ["F401"])])
def test_an_import_that_asks_for_a_package(world, configuration, rules):
    text = "try:\n    import pytz\n    HAS_ZONES = True\nexcept ImportError:\n    HAS_ZONES = False\n"
    change = world.change({"pyproject.toml": configuration}, {"zones.py": text})
    assert [finding.rule for finding in review(change)] == rules


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("E741", "def first(lines):\n    for l in lines:\n        return l\n"),
        ("E731", "total = lambda lines: sum(lines)\n"),
        ("E722", "try:\n    total = 1\nexcept:\n    total = 2\n"),
    ],
)
def test_style_that_nobody_chose_is_not_reviewed(world, rule, code):
    assert reported(world.change({}, {"a.py": code})) == []
    assert [name for _, name, *_ in reported(world.change({}, {"b.py": f"import os\n{code}"}))] == ["F401"]
    assert rule in [name for _, name, *_ in reported(world.change({"pyproject.toml": RUFF}, {"c.py": code}))]


def test_security_rules_and_syntax_errors_are_critical(world):
    after = {"a.py": "import subprocess\nsubprocess.call('ls', shell=True)\n", "b.py": "def f(:\n"}
    findings = review(world.change({"pyproject.toml": RUFF}, after))
    critical = {(finding.path, finding.rule) for finding in findings if finding.severity is Severity.CRITICAL}
    assert ("b.py", "invalid-syntax") in critical
    assert any(path == "a.py" and rule.startswith("S") for path, rule in critical)


def test_a_syntax_error_anywhere_is_a_finding(world):
    change = world.change({"a.py": "x = (\n1)\n\ny = 2\n"}, {"a.py": "x = (\n1\n\ny = 2\nz = 3\n"})
    assert {finding.rule for finding in review(change)} == {"invalid-syntax"}


def test_the_founding_example_finds_one_hardcoded_api_key(world):
    client = '"""Client."""\n\nAPI_KEY = "mk-4f9a1c77e2"\n'
    (finding,) = review(world.change({"pyproject.toml": RUFF}, {"src/clients/email_api.py": client}))
    assert (finding.kind, finding.severity) == (Kind.REVIEW, Severity.CRITICAL)
    assert (finding.rule, finding.message) == ("hardcoded-credential", "Hardcoded API key")
    assert (finding.path, finding.line) == ("src/clients/email_api.py", 3)
    assert "4f9a1c77e2" not in str(finding)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("a.py", 'password = "hunter2"', "Hardcoded password"),
        ("a.py", 'DB_PASS = "hunter2"', "Hardcoded password"),
        ("a.py", 'client_secret = "0f8e7d"', "Hardcoded secret"),
        ("a.py", 'settings = {"api_key": "k-123456"}', "Hardcoded API key"),
        ("a.py", 'secret_token = "0f8e7d"', "Hardcoded token"),
        ("a.js", 'const apiKey = "k-123456";', "Hardcoded API key"),
        ("config.yaml", "password: hunter2", "Hardcoded password"),
        ("app.go", 'secret := "0f8e7d"', "Hardcoded secret"),
    ],
)
def test_each_credential_is_one_finding_by_name(world, name, line, message):
    change = world.change({"pyproject.toml": RUFF}, {name: f"{line}\n"})
    assert [finding.message for finding in review(change)] == [message]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.py", 'api_key = os.environ["EMAIL_API_KEY"]'),
        ("a.py", 'API_KEY_VARIABLE = "EMAIL_API_KEY"'),
        ("a.py", 'api_key = "EMAIL_API_KEY"'),
        ("a.py", 'PASSWORD_RESET_URL = "/password/reset"'),
        ("a.py", 'password_field = "pass_1"'),
        ("a.py", 'fields = {"password": "Enter your password"}'),
        ("a.py", 'password = ""'),
        ("a.py", 'password = f"{prefix}-x"'),
        ("ci.yaml", "password: ${{ secrets.TOKEN }}"),
        ("tests/test_login.py", 'password = "hunter2"'),
        ("README.md", 'password = "hunter2"'),
    ],
)
def test_mentions_of_credentials_are_no_findings(world, name, line):
    findings = review(world.change({}, {name: f"{line}\n"}))
    assert [finding for finding in findings if finding.rule == "hardcoded-credential"] == []


def test_file_names_cannot_become_options(world):
    change = world.change({"pyproject.toml": RUFF}, {"--help.py": "import os\n", "with space.py": "import os\n"})
    assert [finding.path for finding in review(change)] == ["--help.py", "with space.py"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("{python}", "-m", "no_such_reviewer"), "exit 1: "),
        (("{python}", "-c", "print('all is well')"), "exit 0: it said nothing"),
        (("{python}", "-c", "print('{}')"), "exit 0: it said nothing"),
        (("{python}", "-c", "print('[]'); raise SystemExit(2)"), "exit 2: it said nothing"),
        (("no-such-program",), "it could not start: "),
    ],
)
def test_a_silent_reviewer_never_passes(world, command, why):
    change = world.change({}, {"a.py": "x = 1\n"}, commands=replace(Commands(), review=command))
    (finding,) = review(change)
    assert (finding.kind, finding.severity, finding.rule) == (Kind.TOOL, Severity.WARNING, "review")
    assert why in finding.message
    assert finding.message.endswith("Repair commands.review in the plan")


def test_without_python_files_no_reviewer_is_needed(world):
    change = world.change({}, {"a.txt": "x\n"}, commands=replace(Commands(), review=("no-such-program",)))
    assert review(change) == ()


def test_a_line_cannot_switch_the_reviewer_off(world):
    line = "import subprocess\n\nsubprocess.call('ls', shell=True)  # noqa: S602, S607\n"
    findings = review(world.change({"pyproject.toml": RUFF}, {"a.py": line}))
    assert [finding.severity for finding in findings if finding.line == 3] != []
    assert {finding.severity for finding in findings if finding.line == 3} == {Severity.WARNING}
    assert all(finding.message.endswith("(switched off on this line)") for finding in findings if finding.line == 3)


def test_a_prompt_that_was_cut_is_a_finding(world):
    reviewer = Reviewer("agent", ("{python}", "-c", """print('{"findings": []}')"""), format="prompt")
    change = world.change({}, {"data.txt": "word " * 50_000})
    (finding,) = ask(change, reviewer).findings
    assert finding.kind is Kind.TOOL
    assert finding.message.startswith("The reviewer `agent` did not read 50,")
