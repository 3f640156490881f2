"""The founding example, played by recorded decisions, by touch and on GitHub, and what people do with it afterwards."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from support.founding_example import (
    NUMBERS,
    SUMMARY,
    TRANSCRIPT,
    TURNS,
    Played,
    local_pulls,
    play_by_touch,
    play_on_github,
    read_summary,
)
from support.person import Person

from run_milestone.core.schemas import read_schema


@pytest.fixture(scope="module")
def demo(founding_example):
    """The example played by the demo's recorded decisions."""
    ada, result = founding_example
    return Played(ada, [result], [read_summary(ada)], local_pulls(ada))


@pytest.fixture(scope="module")
def touched(tmp_path_factory):
    """The example played by touching approval files."""
    return play_by_touch(Person(tmp_path_factory.mktemp("touched")))


@pytest.fixture(scope="module")
def on_github(tmp_path_factory):
    """The example played on GitHub by its recorded decisions."""
    return play_on_github(Person(tmp_path_factory.mktemp("played")), tmp_path_factory.mktemp("github"))


@pytest.fixture(scope="module", params=["demo", "touched", pytest.param("on_github", marks=pytest.mark.torture)])
def played(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def copy(demo, tmp_path):
    return demo.ada.copy(tmp_path / "copy")


STAYS = ("01", "02", "03", "05", "06", "08", "10")
"""Issues that nobody has to decide about again."""


def markers(ada):
    folder = ada.folder / "state/m4.1"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("issues/*/*.json")}


def rerun_steps(ada, before):
    return {name for name, text in markers(ada).items() if before.get(name) != text}


# ---- however it is played ---------------------------------------------------------------------------------------


def test_the_summary_counts_what_happened(played):
    facts = played.summaries[-1]
    assert {name: facts[name] for name in SUMMARY} == SUMMARY
    assert sorted(story["pr"] for story in facts["per_issue"] if story["pr"]) == NUMBERS
    assert facts["cost"] is None


def test_every_issue_has_one_open_pull_request(played):
    assert [(pull["number"], pull["state"]) for pull in played.pulls] == [(number, "open") for number in NUMBERS]
    assert len({pull["head"] for pull in played.pulls}) == len(NUMBERS)


def test_it_ends_with_success(played):
    assert played.results[-1].code == 0, played.results[-1].out + played.results[-1].err
    assert "✓ Milestone M4.1 Complete" in played.results[-1].out


# ---- by touch ---------------------------------------------------------------------------------------------------


def test_each_touch_leads_to_the_next_gates(touched):
    assert [waiting(result) for result in touched.results] == [gates for _, gates in TURNS]
    assert "touch state/m4.1/approvals/03.fix" in touched.results[0].out
    assert "🛑 Tests failing (attempt 2/2)" in touched.results[3].out
    assert list((touched.ada.folder / "state/m4.1/approvals").iterdir()) == []
    assert "nothing to do" in touched.ada.doit("run", "m4.1").out


def waiting(result):
    """The gates that the end of a run lists."""
    _, _, rest = result.out.partition("Waiting for ")
    return [line.split(":")[0].strip() for line in rest.splitlines()[1:] if line.startswith("  ")]


def test_a_waiting_issue_delays_no_neighbour(touched):
    first, second, _, fourth, *_ = (result.issues() for result in touched.results)
    assert first == ["01", "02", "03", "04", "05"]
    assert second == ["03"]
    assert fourth == ["07", "08", "09"]
    assert touched.summaries[0]["prs"] == {"created": 5, "clean": 4, "fixed": 0, "approved": 0}, "one of them waits"


# ---- by its recorded decisions ----------------------------------------------------------------------------------


def test_every_line_of_the_example_is_printed(demo):
    rest = demo.results[0].out
    for line in TRANSCRIPT:
        assert line in rest, f"after the lines before it, there is no {line!r} in:\n{rest[:1500]}"
        rest = rest.split(line, 1)[1]


def test_records_are_as_their_schemas_say(demo):
    import jsonschema

    folder = demo.ada.folder / "state/m4.1"
    for name, files in (("summary", "summary.json"), ("decision", "decisions/*"), ("marker", "issues/*/*")):
        schema, paths = json.loads(read_schema(name)), list(folder.glob(files))
        assert paths
        for path in paths:
            jsonschema.validate(json.loads(path.read_text()), schema)


def test_the_report_shows_the_whole_example(demo):
    page = (demo.ada.folder / "state/m4.1/report.html").read_text()
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())
    assert "12 of 13 issues completed, 1 skipped, 0 left" in text
    assert "9 clean, 2 fixed after findings, 1 approved by a person" in text
    assert "48/48 acceptance criteria proven by a named test" in text
    assert [number for number in range(1, 14) if f'id="issue-{number:02}"' in page] == list(range(1, 14))
    assert re.search(r"6\. #09 Migrate legacy user data .{16} UTC Breaking schema: DROP COLUMN", text)
    assert "Risk: Data loss (column has 50k rows) approve by" in text
    assert "What is worth keeping is moved first; the column may go" in text
    assert "unknown cost of the agents" in text


def test_records_agree_with_git_and_the_forge(demo):
    result = demo.ada.types("verify", "m4.1")
    assert (result.code, result.lines[-1]) == (0, "✓ Records, git and forge agree"), result.out


def test_the_database_really_held_what_was_counted(demo):
    database = sqlite3.connect(demo.ada.folder / "product/var/users.db")
    assert database.execute("SELECT count(old_user_status) FROM users").fetchone() == (50_000,)
    database.close()


def test_pull_requests_say_what_is_true(demo):
    pull = json.loads((demo.ada.folder / "remote/product.forge/pulls/310.json").read_text())
    assert pull["title"] == "feat(m4.1): Add user profile endpoint (#295)"
    assert pull["base"] == "milestone/m4.1-user-management"
    assert "52 passed, 0 failed" in pull["body"]
    assert "proven by `tests/test_profile.py::test_unknown_user`" in pull["body"]
    assert "<!-- run-milestone: m4.1/01 -->" in pull["body"]


def test_nothing_but_the_runs_own_branches_moved(demo):
    ada = demo.ada
    issues = set(re.findall(r"feat/m4\.1-\d+-[a-z-]+", demo.results[0].out))
    remote_heads = set(
        ada.git("for-each-ref", "--format=%(refname:short)", "refs/heads", where="remote/product.git").split()
    )
    skipped = {"feat/m4.1-301-response-cache"}
    assert remote_heads == {"main", "milestone/m4.1-user-management", *issues} - skipped
    assert ada.git("rev-parse", "main") == ada.git("rev-parse", "main", where="remote/product.git")
    assert ada.git("status", "--porcelain") == ""
    assert ada.git("branch", "--show-current") == "main"


def test_a_further_run_does_nothing(copy):
    before = markers(copy)
    for result in (copy.types("m4.1"), copy.doit("run", "m4.1"), copy.types("demo", "--dir", ".")):
        assert result.code == 0
        assert "m4.1 is complete; nothing to do." in result.out
    assert markers(copy) == before


def test_another_title_reruns_that_issue_only(copy):
    before, plan = markers(copy), copy.folder / "plans/m4.1/plan.yaml"
    plan.write_text(plan.read_text().replace("Add user notifications", "Tell users what happened"))
    result = copy.doit("run", "m4.1")
    assert result.code == 0
    assert result.issues() == ["12"]
    assert rerun_steps(copy, before) == {"issues/12/pr.json"}
    assert "Tell users what happened" in (copy.folder / "remote/product.forge/pulls/320.json").read_text()


def test_a_persons_commit_is_tested_and_reviewed(copy, tmp_path):
    before = markers(copy)
    hand = tmp_path / "hand"
    copy.git("worktree", "add", "--quiet", str(hand), "feat/m4.1-299-validation-service")
    service = next((hand / "src").rglob("*valid*.py"))
    service.write_text(service.read_text() + "\n\n# Written by hand.\n")
    copy.git("commit", "--quiet", "--all", "--message=By hand", where=hand)
    copy.git("worktree", "remove", str(hand))
    result = copy.doit("run", "m4.1")
    assert "#05: 1 commit by Ada since it was approved" in result.out, "a phase's answer was for what it listed"
    assert result.issues() == ["05"]
    copy.touches("phase-1.continue")
    assert copy.doit("run", "m4.1").code == 0
    steps = {Path(name).stem for name in rerun_steps(copy, before)}
    assert {"test", "inspect", "review"} <= steps
    assert not {"branch", "implement", "lint"} & steps
    head = copy.git("rev-parse", "feat/m4.1-299-validation-service")
    assert copy.git("rev-parse", "feat/m4.1-299-validation-service", where="remote/product.git") == head


def test_a_deleted_marker_reruns_that_step_only(copy):
    before = markers(copy)
    steps = ("branch", "implement", "test", "inspect", "push", "pr", "review-gate")
    deleted = {f"issues/{number}/{step}.json" for number, step in zip(STAYS, steps, strict=True)}
    for marker in deleted:
        (copy.folder / "state/m4.1" / marker).unlink()
    result = copy.doit("run", "m4.1")
    assert result.code == 0, result.out
    assert result.issues() == list(STAYS)
    assert rerun_steps(copy, before) <= deleted


@pytest.mark.torture
def test_a_lost_state_adopts_branches_and_pull_requests(copy):
    import shutil

    refs = copy.git("for-each-ref", where="remote/product.git")
    pulls = sorted(path.name for path in (copy.folder / "remote/product.forge/pulls").iterdir())
    shutil.rmtree(copy.folder / "state")
    copy.doit("run", "m4.1")
    copy.touches("phase-1.continue")
    result = copy.doit("run", "m4.1")
    assert "approve | skip | abort" in result.out, "an approval does not outlive the record of it"
    assert copy.git("for-each-ref", where="remote/product.git") == refs
    assert sorted(path.name for path in (copy.folder / "remote/product.forge/pulls").iterdir()) == pulls


def test_why_names_what_changed(copy):
    plan = copy.folder / "plans/m4.1/plan.yaml"
    plan.write_text(plan.read_text().replace("Add user notifications", "Tell users what happened"))
    result = copy.types("why", "m4.1", "12")
    assert "m4.1:12:pr: will run: changed since: issue.title" in result.out
    assert "m4.1:12:test: done" in result.out


def test_no_process_is_left(demo):
    """Nothing the run started is alive, and its records name no interpreter."""
    folder = str(demo.ada.folder)
    alive = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            place = str((process / "cwd").resolve())
        except OSError:
            continue
        if place.startswith(folder):
            alive.append(command)
    assert alive == []
