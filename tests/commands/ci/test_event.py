"""What an event may start: a milestone for people of the project, nothing for others, forks and nonsense."""

import json

import pytest

from run_milestone.commands.ci.event import read_event
from run_milestone.core.errors import UsageError

KNOWN = {"m1": [7], "m4.1": [297]}
MARK = "Issue 03.\n\n<!-- run-milestone: m4.1/03 -->\n"


def comment(body="/fix please", association="MEMBER", on=MARK):
    return {"comment": {"body": body, "author_association": association}, "issue": {"body": on}}


@pytest.mark.parametrize("spelling", ["m4.1", "M4.1", "4.1"])
def test_somebody_starts_a_milestone_by_hand(spelling):
    assert read_event("workflow_dispatch", {"inputs": {"milestone": spelling}}, (), KNOWN).milestones == ("m4.1",)


@pytest.mark.parametrize(
    "text",
    ["", "m1; curl evil", "$(id)", "`id`", "../m1", "m1\nm4.1", "m1 --unsandboxed", "-C /", "m1\x00", '"', "m٤"],
)
def test_a_milestone_input_with_more_is_refused(text):
    with pytest.raises(UsageError, match=r"is not a milestone id\. Write it like m4\.1, m3 or spring-release\."):
        read_event("workflow_dispatch", {"inputs": {"milestone": text}}, (), KNOWN)


def test_a_milestone_without_a_plan_is_refused():
    with pytest.raises(UsageError, match=r"no plan for m9 on the default branch\. Its plans are m1, m4\.1"):
        read_event("workflow_dispatch", {"inputs": {"milestone": "m9"}}, (), KNOWN)


def test_a_schedule_runs_its_milestone():
    assert read_event("schedule", {"schedule": "17 5 * * *"}, ("m1", "4.1", "m1"), KNOWN).milestones == ("m1", "m4.1")


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
@pytest.mark.parametrize("body", ["/fix", "/approve because it is small", "/skip-phase\nfor now", "/Continue phase-1"])
def test_a_members_command_starts_its_milestone(association, body):
    assert read_event("issue_comment", comment(body, association), (), KNOWN).milestones == ("m4.1",)


@pytest.mark.parametrize("issue", [{"number": 297}, {"body": "<!-- run-milestone: m4.1 -->"}])
def test_a_command_on_an_issue_counts_too(issue):
    assert read_event("issue_comment", {**comment(), "issue": issue}, (), KNOWN).milestones == ("m4.1",)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (comment(association="NONE"), "by somebody without write access"),
        (comment(association="CONTRIBUTOR"), "by somebody without write access"),
        (comment(association="FIRST_TIME_CONTRIBUTOR"), "by somebody without write access"),
        (comment(association=["OWNER"]), "by somebody without write access"),
        (comment(body="Looks good"), "is not a command"),
        (comment(body="/assign me"), "is not a command"),
        (comment(body=""), "is not a command"),
        (comment(body={"fix": 1}), "is not a command"),
        (comment(on="A pull request from a fork"), "not on an issue or pull request of a milestone"),
        (comment(on="<!-- run-milestone: m9/01 -->"), "not on an issue or pull request of a milestone"),
        (comment(on="<!-- run-milestone: m1;id/01 -->"), "not on an issue or pull request of a milestone"),
        (comment(on=None), "not on an issue or pull request of a milestone"),
        ({**comment(), "issue": {"number": 297, "pull_request": {"url": "a fork's"}}}, "not on an issue"),
        ({**comment(), "issue": {"number": [297]}}, "not on an issue"),
        ({}, "is not a command"),
    ],
)
def test_any_other_comment_runs_nothing_and_says_why(event, why):
    answer = read_event("issue_comment", event, (), KNOWN)
    assert answer.milestones == ()
    assert why in answer.why


@pytest.mark.parametrize("kind", ["pull_request", "pull_request_target", "push", "workflow_run", "::error::"])
def test_an_event_of_a_fork_runs_nothing(kind):
    with pytest.raises(UsageError, match="runs nothing: it may come from a fork"):
        read_event(kind, {"pull_request": {"head": {"repo": {"fork": True}}, "body": MARK}}, KNOWN, KNOWN)


def test_a_job_outputs_what_to_run(ada, tmp_path):
    event, output = tmp_path / "event.json", tmp_path / "output"
    event.write_text(json.dumps({"inputs": {"milestone": "M1"}}))
    job = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)}
    result = ada.types("ci", "event", env=job)
    assert (result.code, result.lines[-1]) == (0, "To run: m1")
    assert output.read_text() == 'milestones=["m1"]\n'


def test_a_milestone_with_shell_characters_hands_on_nothing(ada, tmp_path):
    event, output = tmp_path / "event.json", tmp_path / "output"
    event.write_text(json.dumps({"inputs": {"milestone": "m1$(touch made)"}}))
    job = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)}
    result = ada.types("ci", "event", env=job)
    assert (result.code, result.out) == (2, "")
    assert "'m1$(touch made)' is not a milestone id" in result.err
    assert not output.exists()
    assert not (ada.folder / "made").exists()


def test_outside_of_a_job_there_is_no_event(ada):
    result = ada.types("ci", "event")
    assert result.code == 2
    assert result.err.endswith("Run a milestone here with `run-milestone ID`.\n")
