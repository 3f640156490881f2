"""The linter touches the files of the issue only, and judges only what the issue changed."""

import json
import sys

import pytest

from run_milestone.steps.lint import blamed

OLD = "import os\nimport sys\n\n\ndef f():\n    return sys.path\n"
NEW = '"""New."""\n\nimport os\n\n\ndef new():\n    """Return one."""\n    return 1\n'
CLEAN = NEW.replace("import os\n\n\n", "\n")
TEST = "from new import new\n\n\ndef test_new():\n    assert new() == 1\n"
BRANCH = "feat/m1-01-issue-01"
EVERYWHERE = "import pathlib\nfor p in pathlib.Path('.').glob('*.py'): p.write_text(p.read_text() + '# tidy\\n')\n"


@pytest.fixture
def make_old_milestone(make_milestone):
    """Make a milestone in a repository whose old files have findings of their own."""

    def make(plan="", files=None, new=NEW):
        person = make_milestone({"01-1": {"new.py": new, "tests/test_new.py": TEST}}, plan=plan)
        for name, text in {"old.py": OLD, **(files or {})}.items():
            (person.folder / name).write_text(text)
        person.git("add", "--", "old.py", *(files or {}), where=".")
        person.git("commit", "--quiet", "--message=Old", where=".")
        return person

    return make


def linter(tmp_path, source):
    (tmp_path / "linter.py").write_text(source)
    return json.dumps([sys.executable, str(tmp_path / "linter.py")])[:-1]


def changed(person):
    return person.git("diff", "--name-only", "main", BRANCH, where=".").split()


def test_the_default_leaves_old_files_alone(make_old_milestone):
    person = make_old_milestone()
    result = person.types("m1")
    assert changed(person) == ["new.py", "tests/test_new.py"]
    assert "import os" not in person.git("show", f"{BRANCH}:new.py", where=".")
    assert "✓ Auto-fixed (lint)" in result.out
    assert " in new.py" in result.out


def test_what_a_command_changes_elsewhere_is_put_back(make_old_milestone, tmp_path):
    lint = linter(tmp_path, EVERYWHERE)
    person = make_old_milestone(f"commands: {{lint: {lint}]}}\n")
    result = person.types("m1")
    assert changed(person) == ["new.py", "tests/test_new.py"]
    assert "# tidy" in person.git("show", f"{BRANCH}:new.py", where=".")
    assert "Lint also changed old.py, widgets.py: not this issue's, so put back" in result.out


def test_a_command_gets_the_files_of_the_issue(make_old_milestone, tmp_path):
    lint = linter(tmp_path, "import sys\nprint(*sys.argv[1:])\nsys.exit(1)\n")
    person = make_old_milestone(f'commands: {{lint: {lint}, "{{files:*.py}}"]}}\n')
    assert "Lint: ./new.py ./tests/test_new.py" in person.types("m1").out


def test_a_command_for_other_files_does_not_run(make_old_milestone, tmp_path):
    lint = linter(tmp_path, "raise SystemExit('ran')\n")
    person = make_old_milestone(f'commands: {{lint: {lint}, "{{files:*.ts}}"]}}\n')
    assert "Lint" not in person.types("m1").out


@pytest.mark.parametrize("older", ["old.py:1: unused", "2 problems\nold.py:9: long line", "9:9  error  odd  rule"])
def test_what_the_base_had_is_not_asked(make_old_milestone, tmp_path, older):
    wide = "import pathlib\nwide = ' ' * len([*pathlib.Path('.').glob('*.py')])\n"
    source = f"{wide}print({older!r}.replace('  ', '  ' + wide))\nraise SystemExit(1)\n"
    lint = linter(tmp_path, source)
    result = make_old_milestone(f"commands: {{lint: {lint}]}}\n", new=CLEAN).types("m1")
    assert "Lint:" not in result.out
    assert "No issues found" in result.out


def test_what_the_issue_brought_is_asked(make_old_milestone, tmp_path):
    source = (
        "import pathlib\nfor p in sorted(pathlib.Path('.').glob('*.py')): print(f'{p}:1: odd')\nraise SystemExit(1)\n"
    )
    result = make_old_milestone(f"commands: {{lint: {linter(tmp_path, source)}]}}\n").types("m1")
    assert "The linter is not content: new.py:1: odd" in result.out


REPORTS = {
    "old.js\n  1:2  error    Unexpected var  no-var\n\n": "new.js\n  3:4  warning  Unexpected name  func-style\n",
    "old.c:1:2: error: no such file\n": "new.c:3:4: warning: unused [-Wunused]\n   3 | int new;\n",
    "error[E0308]: mismatched types\n --> old.rs:1\n\n": "warning: unused variable\n --> new.rs:3\n\n",
    "old.js: line 1, col 2, Error - odd. (rule)\n": "new.js: line 3, col 4, Warning - odd. (rule)\n",
}


@pytest.mark.parametrize("errors", REPORTS)
def test_a_warning_beside_old_errors_is_no_question(errors):
    left = "\n".join(blamed((errors + REPORTS[errors]).splitlines()))
    assert "error" in left.lower()
    assert "new" not in left


@pytest.mark.parametrize("warnings", REPORTS.values())
def test_warnings_alone_decided_the_exit_code(warnings):
    assert blamed(warnings.splitlines()) == warnings.splitlines()


def test_excluded_files_are_not_reviewed(make_old_milestone):
    settings = '[tool.pytest.ini_options]\npythonpath = ["."]\n[tool.ruff]\nexclude = ["new.py"]\n'
    person = make_old_milestone(files={"pyproject.toml": settings})
    assert "No issues found" in person.types("m1").out
    assert person.git("show", f"{BRANCH}:new.py", where=".") == NEW.strip()


def test_another_linters_project_gets_no_rules_of_ruff(make_old_milestone):
    person = make_old_milestone(files={".flake8": "[flake8]\nignore = F401\n"})
    assert "No issues found" in person.types("m1").out
    assert "import os" in person.git("show", f"{BRANCH}:new.py", where=".")


def test_unconfigured_projects_get_the_usual_rules_alone(make_old_milestone):
    unsorted = "import sys\nimport os\n\ndef new():\n    return 1 if sys.argv and os.name else 0\n"
    person = make_old_milestone(new=unsorted)
    assert "I001" not in person.types("m1").out
    assert person.git("show", f"{BRANCH}:new.py", where=".") == unsorted.strip()


def test_it_formats_where_the_project_does(make_old_milestone):
    settings = '[tool.pytest.ini_options]\npythonpath = ["."]\n[tool.ruff.format]\nquote-style = "single"\n'
    person = make_old_milestone(files={"pyproject.toml": settings})
    person.types("m1")
    assert person.git("show", f"{BRANCH}:new.py", where=".").startswith('"""New."""')
    assert changed(person) == ["new.py", "tests/test_new.py"]


def test_a_plan_without_review_command_says_so(make_old_milestone):
    result = make_old_milestone("commands: {lint: ['true'], review: none}\n").types("m1")
    assert "No review command (commands.review: none)" in result.out
    assert "No issues found" in result.out


def test_another_word_for_review_is_refused(make_old_milestone):
    result = make_old_milestone("commands: {review: never}\n").types("plan", "check", "m1")
    assert result.code == 2
    assert "a list of a program and its arguments, or none" in result.out + result.err
