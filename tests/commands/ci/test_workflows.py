"""The workflow as it is written: what becomes of files that are there, and what linters say of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.actions import LOCK
from support.person import Person

MAIN, WAVE = ".github/workflows/run-milestone.yml", ".github/workflows/run-milestone-wave.yml"
SETUP = ".github/actions/run-milestone/action.yml"
FORMS = {"one": (), "matrix": ("--matrix",)}


def program(name):
    """A linter beside the interpreter; it comes with the test extra."""
    program = shutil.which(name, path=str(Path(sys.executable).parent))
    return program or pytest.skip(f"{name} is not installed: pip install 'run-milestone[test]'")


@pytest.fixture(scope="module", params=FORMS)
def written(request, tmp_path_factory):
    """Somebody whose repository has the workflow, in each of its two forms."""
    ada = Person(tmp_path_factory.mktemp(request.param))
    ada.git("init", "--quiet", "--initial-branch=main", where=".")
    ada.git("commit", "--quiet", "--allow-empty", "--message=Start", where=".")
    ada.types("init")
    plan = ada.folder / "plans/m1/plan.yaml"
    agent = "agent: {kind: command, command: [claude, -p], pass_env: [MODEL_KEY]}"
    plan.write_text(re.sub(r"(?m)^agent: .*", agent, plan.read_text()))
    has_lock(ada)
    result = ada.types("ci", "github", *FORMS[request.param])
    assert result.code == 0, result.err
    assert "add what the plans pass on to agents: MODEL_KEY." in result.out
    return ada


def has_lock(ada):
    path = ada.folder / ".github/run-milestone.lock.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(LOCK)


def jobs(ada):
    names = sorted((ada.folder / ".github/workflows").iterdir())
    return [(name, job) for path in names for name, job in yaml.safe_load(path.read_text())["jobs"].items()]


def steps(ada):
    return [step for _, job in jobs(ada) for step in job.get("steps", ())]


def test_no_branch_of_an_earlier_job_stays(written, tmp_path):
    """On a machine whose folders stay, a job that was refused or killed leaves the branches that it moved."""
    given = tmp_path / "given"
    given.mkdir()
    written.git("bundle", "create", "--quiet", given / "project.bundle", "HEAD", where=".")
    checkouts = {step["run"] for step in steps(written) if step["name"].startswith("Check out")}
    assert len(checkouts) == 2
    for number, script in enumerate(sorted(checkouts)):
        place = Person(tmp_path / f"job-{number}")
        place.folder.mkdir()
        env = {**os.environ, "REMOTE": str(written.folder), "TOKEN": "x", "RUNNER_TEMP": str(tmp_path)}
        for _ in range(2):
            subprocess.run(["bash", "-e", "-c", script], cwd=place.folder, env=env, check=True)
            assert place.git("for-each-ref", "refs/heads", "refs/run-milestone", where=".") == ""
            place.git("branch", "feat/m1-01-forged", where=".")
            place.git("update-ref", "refs/run-milestone/m1/01/attempt-1", "HEAD", where=".")


def test_no_shell_sees_event_data(written):
    assert not [step for step in steps(written) if "${{" in step.get("run", "")]


def test_a_job_has_only_the_permissions_needed(written):
    for path in (written.folder / ".github/workflows").iterdir():
        assert yaml.safe_load(path.read_text())["permissions"] == {}
    assert [name for name, job in jobs(written) if not job["permissions"]] == ["work"]
    rights = dict(jobs(written))
    assert rights["event"]["permissions"] == {"contents": "read"}
    may_start = {name for name, job in rights.items() if job["permissions"].get("actions") == "write"}
    assert may_start == {"wave", "next"}  # `wave` lends it to `next`
    assert not any("git" in step["run"].split() for step in rights.get("next", {"steps": []})["steps"])


def test_passed_variables_reach_only_the_agents_step(written):
    handed = [step["run"] for step in steps(written) if "MODEL_KEY" in step.get("env", {})]
    assert handed == [step["run"] for step in steps(written) if "run-milestone ci work" in step.get("run", "")]
    assert len(handed) == 1
    assert "@" not in re.sub(r"(?m)#.*", "", (written.folder / MAIN).read_text())


def test_a_job_without_rights_holds_no_token(written):
    (work,) = (job for name, job in jobs(written) if name == "work")
    assert "token" not in json.dumps([work["steps"], work.get("env")]).lower().replace("work without a token", "")
    runs = [re.search(r"run-milestone (\w+ ?\w*)", step["run"]) for step in steps(written) if "run" in step]
    assert {match[1] for match in runs if match} == {"ci event", "ci publish", "state unlock", "ci work"}


def test_only_jobs_without_rights_use_the_setup(written):
    users = {name for name, job in jobs(written) for step in job.get("steps", ()) if "./" in step.get("uses", "")}
    assert users == {"work"}


def test_actions_and_program_are_pinned(written):
    used = [step["uses"] for step in steps(written) if "uses" in step]
    pins = [name for name in used if not name.startswith("./")]
    assert all(re.fullmatch(r"actions/(?:up|down)load-artifact@[0-9a-f]{40}", pin) for pin in pins)
    assert len(pins) == 4
    installs = [step["run"] for step in steps(written) if "pip" in step.get("run", "")]
    assert len(installs) == 4
    assert all("--no-deps --only-binary :all: --require-hashes --requirement " in text for text in installs)


@pytest.mark.parametrize("name", ["venv.py", "subprocess.py", "logging/__init__.py"])
def test_installing_imports_nothing_of_the_tree(written, tmp_path, name):
    """`python3 -m` would look into the checkout first, also in jobs that may push."""
    path = tmp_path / "tree" / name
    path.parent.mkdir(parents=True)
    path.write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n")
    (script,) = {step["run"] for step in steps(written) if "--require-hashes" in step.get("run", "")}
    makes = next(line for line in script.splitlines() if line.startswith("python3 "))
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path)}
    subprocess.run(["bash", "-euc", makes], cwd=tmp_path / "tree", env=environment, check=True)
    assert (tmp_path / "run-milestone/bin/pip").exists()
    assert not (tmp_path / "imported").exists()


def test_a_run_in_progress_is_never_cancelled(written):
    bound = [job["concurrency"] for _, job in jobs(written) if "concurrency" in job]
    assert bound == [{"group": "run-milestone-${{ matrix.milestone }}", "cancel-in-progress": False}]


def test_only_the_run_step_gets_the_token(written):
    holders = [step for step in steps(written) if "GH_TOKEN" in step.get("env", {})]
    assert holders
    allowed = r"exec run-milestone (ci publish|state unlock) |gh workflow run "
    assert all(re.match(allowed, step["run"]) for step in holders)
    for path in (written.folder / ".github/workflows").iterdir():
        assert "persist" not in path.read_text()
        assert "env" not in yaml.safe_load(path.read_text())


def test_linters_of_workflows_find_nothing(written):
    result = written.types("ci", "check")
    files = sum(1 for path in (written.folder / ".github").rglob("*.yml"))
    assert (result.code, result.out) == (0, f"✓ no problem in {files + 1} files\n"), result.out + result.err
    # A fork of actionlint that knows how GitHub caches; no job of ours does.
    command = [program("actionlint"), "-ignore", "no explicit cache access limit"]
    done = subprocess.run(command, cwd=written.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_writing_it_again_changes_nothing(written):
    form = ("--matrix",) if "matrix.issue" in (written.folder / WAVE).read_text() else ()
    result = written.types("ci", "github", *form)
    assert result.lines[-1] == "Nothing changed."
    assert {line.split()[1] for line in result.lines if line.startswith("·")} == {"kept"}
    assert not any(line.startswith("✓") for line in result.lines)


@pytest.fixture
def ada(ada):
    has_lock(ada)
    return ada


def test_an_edited_setup_stays_an_edited_workflow_not(ada):
    ada.types("ci", "github")
    setup, main = ada.folder / SETUP, ada.folder / MAIN
    setup.write_text(setup.read_text() + "# ours\n")
    before = main.read_text()
    main.write_text(before.replace("timeout-minutes: 15", "timeout-minutes: 1"))
    result = ada.types("ci", "github")
    assert f"✓ changed {MAIN}" in result.lines
    assert f"· kept {SETUP}" in result.lines
    assert main.read_text() == before
    assert setup.read_text().endswith("# ours\n")


def test_a_foreign_workflow_of_that_name_stays(ada):
    main = ada.folder / MAIN
    main.parent.mkdir(parents=True)
    main.write_text("name: ours\n")
    result = ada.types("ci", "github", "--matrix")
    assert (result.code, main.read_text()) == (2, "name: ours\n")
    assert f"{MAIN} exists already, and `run-milestone ci github` did not write it." in result.err
    assert not (ada.folder / WAVE).exists()
    assert not (ada.folder / SETUP).exists()


def test_several_plans_need_a_named_schedule(ada):
    ada.types("init", "m2")
    result = ada.types("ci", "github")
    assert result.code == 2
    assert "Name them: `run-milestone ci github m1 m2`." in result.err
    assert ada.types("ci", "github", "m1", "M2").code == 0
    assert "SCHEDULED: m1 m2\n" in (ada.folder / MAIN).read_text()


def test_a_forge_lost_with_the_job_is_named(ada):
    result = ada.types("ci", "github")
    assert "⚠️ The plan of m1 keeps pull requests in files on the machine that runs it" in result.out
    assert "Write `forge: github` in plans/m1/plan.yaml." in result.out
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text() + "forge: github\n")
    assert "⚠️" not in ada.types("ci", "github").out
