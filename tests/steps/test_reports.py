"""Reports of test runners, as the code of a tree may leave them."""

import json
import os
import subprocess
import sys

import pytest

from run_milestone.checks.coverage import measured
from run_milestone.model import Case, Outcome
from run_milestone.steps.run_tests import _text
from run_milestone.steps.test_report import ReportError, explained, read_output, read_report, reports_in

ONE = '<testcase classname="a" name="b"/>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ('<testsuite><testcase name="a"', "it is no JUnit XML"),
        ("<html></html>", "it is no JUnit XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "it declares a document type"),
        ('{"Action": "run"}\nnot json', "one of its lines is no JSON"),
    ],
    ids=["empty", "cut", "html", "entities", "go"],
)
def test_what_is_no_report_says_so(tmp_path, text, why):
    report = tmp_path / "junit.xml"
    report.write_text(text)
    with pytest.raises(ReportError, match=why):
        read_report(report)


def test_names_are_as_a_record_holds_them(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text('<testsuite><testcase name="reads https://ada:pw@example.com"/><testcase name="b"/></testsuite>')
    assert [case.title for case in read_report(report)] == ["reads https://[redacted]@example.com", "b"]


def test_names_say_nothing_about_the_tree(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text(f'<testsuite><testcase classname="test" name="{tmp_path}/tests/a.test.js"/></testsuite>')
    assert [case.name for case in read_report(report, tmp_path)] == ["test::tests/a.test.js"]


@pytest.mark.parametrize("reason", ["", "[Error: test failed] { exitCode: 1 }"])
def test_a_failure_without_reason_is_explained(reason):
    printed = "✔ other\nfile:///tree/tests/a.test.js:1\nReferenceError: require is not defined\n"
    (case,) = explained((Case("test", "tests/a.test.js", Outcome.FAILED, output=reason),), printed)
    assert "ReferenceError: require is not defined" in case.output
    assert "other" not in case.output


def test_links_and_pipes_are_not_read(tmp_path):
    (tmp_path / "link.xml").symlink_to(tmp_path / "junit.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    for name in ("link.xml", "pipe.xml"):
        with pytest.raises(ReportError):
            read_report(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "outcome"), [("x" * 6_000_000, ""), ("x" * 2_100_000, "<failure/>")], ids=["names", "failures"]
)
def test_a_report_no_record_holds_is_refused(tmp_path, name, outcome):
    (tmp_path / "junit.xml").write_text(f'<testsuite><testcase name="{name}">{outcome}</testcase></testsuite>')
    with pytest.raises(ReportError, match="more than a record holds"):
        read_report(tmp_path / "junit.xml")


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "deep"])
def test_coverage_and_reports_are_data(tmp_path, kind):
    place = tmp_path / "tree" / "reports" / "a.xml"
    place.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to("/")
    elif kind == "folder":
        place.mkdir()
    else:
        place.write_text('{"files": ' + "[" * 100_000)
    assert measured(_text(place), (), "") is None
    assert (kind == "deep") == bool(reports_in(tmp_path / "tree", "reports/*.xml"))


def test_control_characters_do_not_spoil_a_report(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text('<testsuite><testcase name="b\x01c"><failure message="&#27;[31mred"/></testcase></testsuite>')
    (case,) = read_report(report)
    assert (case.title, case.outcome) == ("bc", Outcome.FAILED)


def test_a_folder_of_reports_is_read(tmp_path):
    for name in ("TEST-a.xml", "TEST-b.xml"):
        (tmp_path / name).write_text(f"<testsuite>{ONE}</testsuite>")
    assert [case.name for case in read_report(tmp_path)] == ["a::b", "a::b"]
    assert read_report(tmp_path / "nothing.xml") is None


def test_lines_of_go_test_are_read(tmp_path):
    events = [
        '{"Action":"run","Package":"x/calc","Test":"TestAdd"}',
        '{"Action":"output","Package":"x/calc","Test":"TestAdd","Output":"    calc_test.go:8: 3, want 4\\n"}',
        '{"Action":"fail","Package":"x/calc","Test":"TestAdd"}',
        '{"Action":"pass","Package":"x/calc","Test":"TestZero"}',
        '{"Action":"fail","Package":"x/calc"}',
        '{"Action":"output","Package":"x/web","Output":"web.go:3: undefined: y\\n"}',
        '{"Action":"fail","Package":"x/web"}',
    ]
    report = tmp_path / "go.json"
    report.write_text("\n".join(events))
    cases = read_report(report)
    assert [(case.name, str(case.outcome)) for case in cases] == [
        ("x/calc::TestAdd", "failed"),
        ("x/calc::TestZero", "passed"),
        ("x/web", "failed"),
    ]
    assert cases[0].output.strip() == "calc_test.go:8: 3, want 4"


JEST = {
    "testResults": [
        {
            "name": "{tree}/src/a.test.js",
            "status": "failed",
            "assertionResults": [
                {"ancestorTitles": ["sum"], "title": "adds", "status": "passed", "failureMessages": []},
                {"ancestorTitles": ["sum"], "title": "fails", "status": "failed", "failureMessages": ["Expected: 3"]},
                {"ancestorTitles": [], "title": "later", "status": "todo", "failureMessages": []},
            ],
        },
        {"name": "{tree}/src/b.test.js", "status": "failed", "assertionResults": [], "message": "SyntaxError"},
    ]
}
RSPEC = {
    "examples": [
        {"description": "adds", "full_description": "Sum adds", "status": "passed", "file_path": "./spec/a_spec.rb"},
        {"description": "fails", "full_description": "Sum fails", "status": "failed", "exception": {"message": "no"}},
    ]
}
CARGO = """\

running 3 tests
test tests::skips ... ignored
test tests::adds ... ok
test tests::fails ... FAILED

failures:

---- tests::fails stdout ----
assertion `left == right` failed

failures:
    tests::fails

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 1 test
test src/lib.rs - add (line 2) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""
GO = '{"Action":"pass","Package":"x/calc","Test":"TestAdd"}\n{"Action":"fail","Package":"x/calc","Test":"TestSub"}\n'
NODE = """\
<testsuites>
  <testcase name="at the top" classname="test"/>
  <testcase name="red at the top" classname="test"><failure message="1 == 2"/></testcase>
  <testsuite name="group"><testcase name="inside" classname="test"/></testsuite>
</testsuites>
"""


def outcomes(cases):
    return [(case.name, case.outcome.value) for case in cases]


def test_jest_is_read_with_files_of_the_tree(tmp_path):
    report = tmp_path / "jest.json"
    report.write_text(json.dumps(JEST).replace("{tree}", str(tmp_path)))
    cases = read_report(report, tmp_path)
    assert outcomes(cases) == [
        ("sum::adds", "passed"),
        ("sum::fails", "failed"),
        ("later", "skipped"),
        ("src/b.test.js", "failed"),
    ]
    assert (cases[1].file, cases[1].output, cases[3].output) == ("src/a.test.js", "Expected: 3", "SyntaxError")


def test_rspec_is_read(tmp_path):
    report = tmp_path / "rspec.json"
    report.write_text(json.dumps(RSPEC))
    assert outcomes(read_report(report)) == [("Sum::adds", "passed"), ("Sum::fails", "failed")]


def test_tests_outside_of_suites_are_counted(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text(NODE)
    named = {"test::at the top": "passed", "test::red at the top": "failed", "test::inside": "passed"}
    assert dict(outcomes(read_report(report))) == named


def test_output_of_cargo_and_go_is_read():
    assert outcomes(read_output(CARGO)) == [
        ("tests::skips", "skipped"),
        ("tests::adds", "passed"),
        ("tests::fails", "failed"),
        ("src/lib.rs - add (line 2)", "passed"),
    ]
    assert read_output(CARGO)[2].output == "assertion `left == right` failed"
    assert outcomes(read_output(GO)) == [("x/calc::TestAdd", "passed"), ("x/calc::TestSub", "failed")]


@pytest.mark.parametrize("output", ["", "ok\n", "test it ... ok\n", '{"Action": 1}\n'])
def test_other_output_tells_of_no_tests(output):
    assert read_output(output) is None


def test_output_with_a_gap_is_no_verdict():
    with pytest.raises(ReportError, match="write JUnit"):
        read_output(CARGO + "\n[… 12 bytes left out …]\n")


UNITTEST = """\
import unittest


class TestShop(unittest.TestCase):
    def test_opens(self):
        "It opens."

    def test_closes(self):
        self.assertEqual(1, 2)

    @unittest.skip("later")
    def test_sells(self):
        pass

    @unittest.expectedFailure
    def test_breaks(self):
        raise ValueError


class TestUnready(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError("no database")

    def test_waits(self):
        pass
"""


@pytest.fixture
def unittest_output(tmp_path):
    """Run unittest on tests of every outcome; returns what it prints."""
    (tmp_path / "test_shop.py").write_text(UNITTEST)

    def run(*words):
        argv = [sys.executable, "-m", "unittest", *words, "test_shop"]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False).stderr

    return run


def test_verbose_unittest_names_each_test(unittest_output):
    cases = {case.title: case for case in read_output(unittest_output("-v"))}
    states = {name: str(case.outcome) for name, case in cases.items()}
    assert states == {
        "test_opens": "passed",
        "test_closes": "failed",
        "test_sells": "skipped",
        "test_breaks": "passed",
        "setUpClass": "failed",
    }
    assert cases["test_closes"].group == "test_shop.TestShop"
    assert "AssertionError: 1 != 2" in cases["test_closes"].output


def test_silent_unittest_names_none(unittest_output):
    assert read_output(unittest_output()) is None
    assert read_output(unittest_output("-q")) is None


def test_unittest_with_hidden_lines_names_none(unittest_output):
    text = unittest_output("-v").replace("test_closes (", "printed before test_closes (", 1)
    assert read_output(text) is None
