"""What the tests prove: red before green, the base's own tests, the lines they run, and failures known before."""

import pytest
from support.plans import ONCE

RED_FIRST = "tests: {red_first: true}"
WIDGETS = '"""Widgets."""\n\nSIZE = 3\n'
COLOUR = WIDGETS + 'COLOUR = "red"\n'
RED_TEST = 'import widgets\n\n\ndef test_colour():\n    assert widgets.COLOUR == "red"\n'
GREEN_TEST = "import widgets\n\n\ndef test_there_are_widgets():\n    assert widgets\n"
GREEN = {"widgets.py": COLOUR, "tests/test_colour.py": GREEN_TEST}
RED = {"widgets.py": COLOUR, "tests/test_colour.py": RED_TEST}
SIZE_TEST = "from widgets import SIZE\n\n\ndef test_size():\n    assert SIZE == {}\n"
BRANCH = "feat/m1-01-issue-01"
LEAN = 'commands: {lint: ["true"], review: [sh, -c, "echo []"]}\nlimits: {coverage: 0}\n'
LEAN += ONCE
"""Runs tests once, and nothing else that takes time."""


# ---- red before green ---------------------------------------------------------------------------------------------


def test_tests_green_without_the_change_stop(make_milestone):
    ada = make_milestone({"01-1": GREEN, "01-2": RED}, RED_FIRST, LEAN)
    result = ada.types("m1")
    assert result.code == 3
    assert "🛑 New tests pass without the change (attempt 1/2)" in result.out
    assert "1. test_there_are_widgets passes without the change" in result.out
    assert "restart | approve | skip | abort" in result.out
    assert ada.pulls() == []

    thrown = ada.git("rev-parse", BRANCH, where=".")
    result = ada.answers("01.restart")
    assert "🔧 Starting over..." in result.out
    assert "✓ Work thrown away (1 commit, kept as refs/run-milestone/m1/01/attempt-1)" in result.out
    assert ada.git("rev-parse", "refs/run-milestone/m1/01/attempt-1", where=".") == thrown
    assert ada.git("log", "--format=%s", f"main..{BRANCH}", where=".") == "feat(m1): Issue 01 (01)"
    head = ada.git("rev-parse", BRANCH, where=".")
    (ada.folder / "state/m1/issues/01/implement.json").unlink()
    assert "Work thrown away" not in ada.types("m1").out, "a restart counts once, also where its marker is lost"
    assert ada.git("rev-parse", BRANCH, where=".") == head
    assert "test_there_are_widgets" not in ada.git("show", f"{BRANCH}:tests/test_colour.py", where=".")
    assert [pull["title"] for pull in ada.pulls()] == ["feat(m1): Issue 01"]


def test_a_restart_keeps_a_persons_commits(make_milestone):
    green_at_last = {"tests/test_colour.py": GREEN_TEST, "widgets.py": COLOUR + "import os\n"}
    ada = make_milestone(
        {"01-1": {**RED, "tests/test_colour.py": RED_TEST, "widgets.py": COLOUR}, "01-2": RED}, RED_FIRST, LEAN
    )
    result = ada.types("m1")
    assert [pull["state"] for pull in ada.pulls()] == ["open"]
    place = ada.folder.parent / "hers"
    ada.git("worktree", "add", "--quiet", str(place), BRANCH, where=".")
    for name, text in green_at_last.items():
        (place / name).write_text(text)
    ada.git("commit", "--quiet", "--all", "--message=Test that there are widgets", where=place)
    ada.git("worktree", "remove", str(place), where=".")
    result = ada.types("m1")
    assert "New tests pass without the change" in result.out, "also where a person wrote the test"

    hers = ada.git("rev-parse", BRANCH, where=".")
    result = ada.answers("01.restart")
    assert f"⚠️ A person's commit was thrown away with it: {hers[:10]} Test that there are widgets" in result.out
    assert ada.git("rev-parse", "refs/run-milestone/m1/01/attempt-1", where=".") == hers
    head = ada.git("rev-parse", BRANCH, where=".")
    assert ada.git("ls-remote", ".git/run-milestone/remote.git", BRANCH, where=".").split()[0] == head
    assert [pull["number"] for pull in ada.pulls()] == [1], "the same pull request, never a second"
    assert "Took over" not in ada.types("m1").out


def test_discarded_work_is_not_fetched_again(make_milestone):
    ada = make_milestone({"01-1": RED, "01-2": {"widgets.py": COLOUR + "SIZE = 4\n"}}, RED_FIRST, LEAN)
    ada.types("m1")
    pushed = ada.git("rev-parse", BRANCH, where=".")
    place = ada.folder.parent / "hers"
    ada.git("worktree", "add", "--quiet", str(place), BRANCH, where=".")
    (place / "tests/test_colour.py").write_text(GREEN_TEST)
    ada.git("commit", "--quiet", "--all", "--message=Test that there are widgets", where=place)
    ada.git("worktree", "remove", str(place), where=".")
    ada.types("m1")
    result = ada.answers("01.restart")
    assert "🛑 Tests failing" in result.out, "the second attempt is worse, and is not pushed"
    result = ada.types("m1")
    assert "Took over what was pushed" not in result.out
    assert ada.git("ls-remote", ".git/run-milestone/remote.git", BRANCH, where=".").split()[0] == pushed
    assert pushed not in ada.git("log", "--format=%H", BRANCH, where=".")


@pytest.mark.parametrize(
    "tests",
    [
        {"tests/test_colour.py": RED_TEST + "\n\ndef test_there_are_widgets():\n    assert widgets\n"},
        {"tests/test_colour.py": RED_TEST, "tests/test_there.py": GREEN_TEST},
        {"tests/test_colour.py": RED_TEST.replace("import widgets", "from widgets import COLOUR\nimport widgets")},
    ],
    ids=["in one file", "in two files", "not even imported"],
)
def test_one_red_test_among_new_is_enough(make_milestone, tests):
    ada = make_milestone({"01-1": {"widgets.py": COLOUR, **tests}}, RED_FIRST, LEAN)
    ada.types("m1")
    assert len(ada.pulls()) == 1


def test_a_change_without_a_test_stops_too(make_milestone):
    ada = make_milestone({"01-1": {"widgets.py": COLOUR}}, RED_FIRST, LEAN)
    assert "The change brings no test, though one shall fail without it" in ada.types("m1").out


def test_red_first_is_optional(make_milestone):
    ada = make_milestone({"01-1": GREEN}, plan=LEAN)
    ada.types("m1")
    assert len(ada.pulls()) == 1
    assert not (ada.folder / "state/m1/logs/01/contract.log").exists(), "and no test runs twice"


def test_new_tests_in_old_files_are_recognised(make_milestone):
    both = SIZE_TEST.format(3) + "\n\ndef test_size_again():\n    assert SIZE == 3\n"
    ada = make_milestone({"01-1": {"widgets.py": COLOUR, "tests/test_widgets.py": both}}, RED_FIRST, LEAN)
    ada.types("m1")
    assert [finding["message"] for finding in ada.reads("gates/01.json")["findings"]] == [
        "test_size_again passes without the change"
    ]


# ---- the base's own tests -----------------------------------------------------------------------------------------


def test_a_rewritten_test_is_caught_by_its_base(make_milestone):
    bent = {"widgets.py": WIDGETS.replace("3", "4"), "tests/test_widgets.py": SIZE_TEST.format(4)}
    work = {"01-1": bent, "01-2": {"widgets.py": COLOUR, "tests/test_widgets.py": SIZE_TEST.format(3)}}
    ada = make_milestone(work, plan=LEAN)
    result = ada.types("m1")
    assert "✓ Tests: 1 passed" in result.out
    assert "🛑 Tests or checks weakened" in result.out
    assert "1. test_size of the base fails on the change" in result.out
    assert "approve | fix | skip | abort" in result.out
    result = ada.answers("01.fix")
    assert "✓ Fix committed" in result.out
    assert len(ada.pulls()) == 1


LOADED = {
    "a removed name": ("from widgets import SIZE, _old\n", "ImportError: cannot import name '_old' from 'widgets'"),
    "a removed attribute": (
        "import widgets\nSIZE = widgets.SIZE + widgets._old - 4\n",
        "AttributeError: module 'widgets'",
    ),
    "a removed module": (
        "import helpers\nfrom widgets import SIZE\n",
        "ModuleNotFoundError: No module named 'nowhere'",
    ),
}


@pytest.mark.parametrize("kind", LOADED)
def test_a_file_not_loaded_is_one_question(make_milestone, kind):
    imports, why = LOADED[kind]
    tests = "".join(f"\n\ndef test_{name}():\n    assert SIZE == 3\n" for name in "abc")
    work = {"widgets.py": WIDGETS, "helpers.py": "import nowhere\n"}
    ada = make_milestone({"01-1": {**work, "tests/test_widgets.py": f"from widgets import SIZE\n{tests}"}}, plan=LEAN)
    (ada.folder / "helpers.py").write_text("")
    (ada.folder / "widgets.py").write_text(WIDGETS + "_old = 4\n")
    (ada.folder / "tests/test_widgets.py").write_text(imports + tests)
    ada.git("add", "--all", "helpers.py", "widgets.py", "tests", where=".")
    ada.git("commit", "--quiet", "--message=Begin", where=".")
    ada.types("m1")
    (finding,) = ada.reads("gates/01.json")["findings"]
    assert "of the base does not load on the change, so that 3 tests of it did not run: " + why in finding["message"]


HOOK = "import pytest\n\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport():\n    report = yield\n"
HOOK += "    report.outcome = 'passed'\n    report.longrepr = None\n    return report\n"
HIDING = [
    {"tests/test_a.py": "import widgets\n\nwidgets.SIZE = 3\n"},
    {"tests/test_a.py": "import widgets\n\n\ndef test_a():\n    setattr(widgets, 'SIZE', 3)\n"},
    {"conftest.py": HOOK},
]


@pytest.mark.parametrize("files", HIDING, ids=["at import", "in a test", "conftest"])
def test_new_test_code_hides_no_regression(make_milestone, files):
    ada = make_milestone({"01-1": {"widgets.py": WIDGETS.replace("3", "4"), **files}}, plan=LEAN)
    test = "import widgets\n\n\ndef test_size():\n    assert widgets.SIZE == 3\n"
    (ada.folder / "tests/test_widgets.py").write_text(test)
    ada.git("commit", "--quiet", "--all", "--message=Look at it late", where=".")
    result = ada.types("m1")
    assert "✓ Tests: " in result.out, "with the new files all tests pass"
    assert "test_size of the base fails on the change" in result.out
    assert ada.pulls() == []


EMPTY_TEST = RED_TEST.replace('assert widgets.COLOUR == "red"', "print(widgets.COLOUR)")
PROOFS = [
    ("tests/test_colour.py::test_colour", RED_TEST, None),
    ("tests/test_colour.py::test_colour", EMPTY_TEST, "it passed, and checks nothing"),
    ("tests/test_widgets.py::test_size", RED_TEST, "it passed before the change too"),
]


@pytest.mark.parametrize(("test", "text", "why"), PROOFS, ids=["red", "empty", "green before"])
def test_a_criterion_needs_a_test_that_tells(make_milestone, test, text, why):
    work = {"widgets.py": COLOUR, "tests/test_colour.py": text}
    ada = make_milestone({"01-1": work}, f"criteria: [{{text: There is a colour, test: '{test}'}}]", LEAN)
    result = ada.types("m1")
    assert ("Not proven: There is a colour" in result.out) is bool(why)
    assert f"{test}: {why}" in result.out if why else "[x] There is a colour" in ada.pulls()[0]["body"]


def test_an_extended_test_file_is_fine(make_milestone):
    more = (
        SIZE_TEST.format(3).replace("import SIZE", "import COLOUR, SIZE")
        + '\n\ndef test_colour():\n    assert COLOUR == "red"\n'
    )
    ada = make_milestone({"01-1": {"widgets.py": COLOUR, "tests/test_widgets.py": more}}, RED_FIRST, LEAN)
    ada.types("m1")
    assert len(ada.pulls()) == 1


def test_a_test_file_without_tests_is_fine(make_milestone):
    ada = make_milestone({"01-1": RED}, plan=LEAN)
    (ada.folder / "tests/test_colour.py").write_text("import widgets\n")
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Prepare", where=".")
    ada.types("m1")
    assert len(ada.pulls()) == 1


# ---- coverage of changed lines ------------------------------------------------------------------------------------

UNUSED = COLOUR + "\n\ndef paint(what):\n    first = what\n    second = first\n    third = second\n    return third\n"


def test_uncovered_lines_are_a_label(make_milestone):
    ada = make_milestone({"01-1": {**RED, "widgets.py": UNUSED}}, plan="limits: {coverage: 60}\n")
    result = ada.types("m1")
    assert "⚠️ Changed lines poorly covered" in result.out
    assert "✓ Label: needs-test-review" in result.out
    (pull,) = ada.pulls()
    assert pull["labels"] == ["needs-test-review"]
    assert "They run 1 of 6 changed lines." in pull["body"]
    assert "not run: widgets.py: 7-11" in pull["body"]
    assert result.out.count("Waiting for 1 decision") == 1, "a label holds nobody up: the phase is what waits"
    log = (ada.folder / "state/m1/logs/01/test.log").read_text()
    assert log.count("test session starts") == 1, "measured in the one run of the tests"


def test_a_projects_coverage_threshold_fails_nothing(make_milestone):
    settings = '[tool.pytest.ini_options]\npythonpath = ["."]\n[tool.coverage.report]\nfail_under = 100\n'
    ada = make_milestone({"01-1": {**RED, "widgets.py": UNUSED}}, plan="limits: {coverage: 10}\n")
    (ada.folder / "pyproject.toml").write_text(settings)
    ada.git("commit", "--quiet", "--all", "--message=Want every line covered", where=".")
    result = ada.types("m1")
    assert "✓ Tests: 2 passed" in result.out
    assert [pull["labels"] for pull in ada.pulls()] == [[]]


def test_unmeasured_coverage_stops_nothing(make_milestone):
    ada = make_milestone(
        {"01-1": RED, "02-1": {"note.py": '"""A note."""\n\nTEXT = 1\n'}},
        plan="commands: {test: [python3, -m, pytest]}\n",
    )
    result = ada.types("m1")
    assert result.out.count("· Coverage of changed lines is not measured: let `commands: {test: …}` write") == 1
    assert [pull["labels"] for pull in ada.pulls()] == [[], []]
    assert "The change brings no test, and which of its lines the tests run is not measured" in ada.pulls()[1]["body"]
    assert all("Coverage of changed lines: not measured" in pull["body"] for pull in ada.pulls())


@pytest.mark.parametrize(
    "settings",
    [
        {
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nfilterwarnings = ["error"]\n',
            ".coveragerc": "[run]\ninclude = widgets.py\n",
        },
        {
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\naddopts = "-p no:cov"\n',
        },
        {
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
            ".coveragerc": "[run]\nplugins = not_installed_anywhere\n",
        },
    ],
    ids=["warnings are errors", "plugin switched off", "plugin of coverage missing"],
)
def test_a_project_that_refuses_coverage_runs_without(make_milestone, settings):
    ada = make_milestone({"01-1": RED})
    for name, text in settings.items():
        (ada.folder / name).write_text(text)
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Have settings", where=".")
    result = ada.types("m1")
    assert "✓ Tests: 2 passed" in result.out
    (pull,) = ada.pulls()
    assert "Coverage of changed lines: not measured" in pull["body"]


# ---- the baseline -------------------------------------------------------------------------------------------------


def test_only_new_failures_count(make_milestone):
    broken = SIZE_TEST.format(5).replace("test_size", "test_known")
    worse = {"widgets.py": WIDGETS.replace("3", "4")}
    ada = make_milestone({"01-1": RED, "02-1": worse, "02-2": {"widgets.py": WIDGETS}}, plan=LEAN)
    (ada.folder / "tests/test_known.py").write_text(broken)
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Know a failure", where=".")
    result = ada.types("m1")
    assert result.code == 3
    assert "🛑 Tests fail before any work" in result.out
    assert "tests.test_known::test_known" in result.out
    assert result.issues() == [], "no issue starts on a base that nobody vouched for"

    result = ada.answers("bootstrap.approve")
    assert "✓ Tests: 2 passed (1 known failure of the baseline not counted)" in result.out
    assert "Failed:\n- test_size\n" in result.out, "a test that worked before counts"
    assert "- test_known" not in result.out
    assert ada.reads("gates/02.json")["kind"] == "tests"
