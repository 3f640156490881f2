"""Reports of test runners, as the code of a tree may leave them."""

import os

import pytest

from run_milestone.model import Outcome
from run_milestone.steps.test_report import ReportError, read_report

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


def test_links_and_pipes_are_not_read(tmp_path):
    (tmp_path / "link.xml").symlink_to(tmp_path / "junit.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    for name in ("link.xml", "pipe.xml"):
        with pytest.raises(ReportError):
            read_report(tmp_path / name)


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
