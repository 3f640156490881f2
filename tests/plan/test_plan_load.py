"""A plan is read, completed with its defaults, and kept so that the second time is cheap."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from run_milestone.core.errors import PlanError, UsageError
from run_milestone.model import AgentSpec, Criterion, Expectations, Milestone, Paths, Spec, Verb
from run_milestone.plan import load, milestones

ROOT = Path(__file__).parents[2]

FULL = """\
id: M4.1
title: User Management API
branch: milestone/m4.1-users
target: develop
scope: [api, users]
repository: {path: product, remote: remote/product.git, sample: sample, prepare: [["{python}", "seed.py"]]}
forge: github
agent: {kind: command, command: [codex, exec], timeout: 60}
commands: {lint: [make, lint], test: [make, test], review: [make, review], timeout: 9}
limits: {attempts: 3, files: 20, lines: 1000}
sensitive: {auth: ["src/auth/**"]}
protected: ["deploy/**"]
migrations: db/versions
database: sqlite:///var/users.db
licences: {allow: [MPL-2.0], packages: {httpx: BSD-3-Clause}}
decisions: {review: [fix, skip, abort]}
phases:
  - title: Foundation
    issues:
      - {number: 2, title: Models}
      - number: 08
        github: 295
        title: Add user profile endpoint
        short_title: Profile
        slug: user-profile
        type: fix
        priority: P0
        depends_on: [02, 2]
        criteria: [it answers, {text: it validates, test: "tests/x.py::test_y"}]
        tests: {unit: false, integration: true, red_first: true}
        external: true
        labels: [api, 4.10]
        spec: specs/profile.md
        paths: {allow: ["src/**"], forbid: [src/core.py]}
        agent: {kind: human}
  - issues:
      - {number: 3, title: Größe prüfen!}
"""


def test_twenty_lines_are_enough(plan, small):
    milestone = plan(small)
    (issue,) = milestone.issues
    assert (milestone.branch, milestone.target, milestone.forge, milestone.agent.kind) == (
        "milestone/m4.1",
        "main",
        "local",
        "human",
    )
    assert (issue.number, issue.slug, issue.phase) == ("01", "add-user-profile-endpoint", 1)
    assert (issue.type, issue.priority, issue.criteria) == ("feat", "P1", (Criterion("it answers"),))


def test_every_field_arrives(plan, folder):
    (folder / "specs").mkdir()
    (folder / "specs/profile.md").write_text("# Profile\n")
    (folder / "03-groesse.md").write_text("# Größe\n")
    milestone = plan(FULL)
    _, issue, last = milestone.issues
    assert milestone.repository.prepare == (("{python}", "seed.py"),)
    assert milestone.agent == AgentSpec("command", ("codex", "exec"), timeout=60)
    assert milestone.limits.lines == 1000
    assert milestone.decisions == {"review": (Verb.FIX, Verb.SKIP, Verb.ABORT)}
    assert milestone.licences.packages == {"httpx": "BSD-3-Clause"}
    assert (issue.number, issue.github, issue.depends_on) == ("08", 295, ("02",))
    assert issue.criteria[1] == Criterion("it validates", "tests/x.py::test_y")
    assert issue.tests == Expectations(unit=False, integration=True, red_first=True)
    assert (issue.external, issue.labels) == (True, ("api", "4.10"))
    assert issue.spec == Spec("specs/profile.md", "# Profile\n")
    assert issue.paths == Paths(("src/**",), ("src/core.py",))
    assert (last.slug, last.phase, milestone.phases[1].title) == ("groe-prufen", 2, "Phase 2")
    assert last.spec == Spec("03-groesse.md", "# Größe\n")


def test_a_missing_spec_is_left_to_the_review(plan, with_issues):
    (issue,) = plan(with_issues("{number: 1, title: A, spec: 01-a.md}")).issues
    assert issue.spec == Spec("01-a.md", "")


def test_the_second_time_imports_nothing_heavy(plan, folder, tmp_path):
    cache = tmp_path / "state/m4.1/plan.json"
    first = plan(FULL, cache=cache)
    asked = (
        "import sys; from pathlib import Path; from run_milestone.plan import load;"
        f"m = load(Path({str(folder)!r}), cache=Path({str(cache)!r}));"
        "print([x for x in ('yaml', 'pydantic', 'jsonschema') if x in sys.modules], hash(repr(m)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tasks"), "PYTHONHASHSEED": "0"}
    loaded = subprocess.run([sys.executable, "-c", asked], env=environment, check=True, capture_output=True, text=True)
    assert loaded.stdout.startswith("[]")
    assert load(folder, cache=cache) == first


@pytest.mark.parametrize("edited", ["plan.yaml", "specs/profile.md", "03-new.md"])
def test_an_edit_anywhere_is_seen(plan, folder, tmp_path, edited):
    (folder / "specs").mkdir()
    (folder / "specs/profile.md").write_text("before")
    cache = tmp_path / "plan.json"
    before = plan(FULL, cache=cache)
    text = FULL.replace("title: Models", "title: Better models") if edited == "plan.yaml" else "after"
    (folder / edited).write_text(text)
    after = load(folder, cache=cache)
    assert after != before
    assert after == load(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"slug"', '"slgu"'),
        lambda text: text.replace('"phase": 1', '"phase": "1"'),
        lambda text: json.dumps({"key": 1, "specs": 3}),
        lambda text: json.dumps({**json.loads(text), "specs": ["../../../../etc/passwd"]}),
    ],
)
def test_a_damaged_compiled_plan_is_made_again(plan, folder, tmp_path, damage):
    cache = tmp_path / "plan.json"
    milestone = plan(FULL, cache=cache)
    whole = cache.read_text()
    cache.write_text(damage(whole))
    assert load(folder, cache=cache) == milestone
    assert cache.read_text() == whole


BREAK = "\x85"  # a line break to YAML 1.1, which folds it in quotes: PyYAML does not give back what it wrote
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=BREAK), min_size=1).filter(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(title=texts, criterion=texts, style=st.sampled_from(["'", '"', "|", None]))
def test_any_text_survives_yaml_and_the_compiled_form(folder, tmp_path, title, criterion, style):
    issue = {"number": "1", "title": title, "criteria": [criterion], "labels": [title]}
    written = {"id": "m4.1", "title": title, "phases": [{"title": title, "issues": [issue]}]}
    text = yaml.safe_dump(written, allow_unicode=True, default_style=style)
    (folder / "plan.yaml").write_text(text, encoding="utf-8", newline="")
    cold = load(folder, cache=tmp_path / "plan.json")
    for milestone in (cold, load(folder, cache=tmp_path / "plan.json")):
        assert (milestone.title, milestone.phases[0].title) == (title, title)
        assert milestone.issues[0].title == title
        assert milestone.issues[0].criteria == (Criterion(criterion),)


def test_a_missing_plan_names_those_that_exist(tmp_path):
    for name in ("m4.10", "spring", "m4.2", "m3", "Notes"):
        (tmp_path / "plans" / name).mkdir(parents=True)
        (tmp_path / "plans" / name / "plan.yaml").write_text("")
    assert milestones(tmp_path / "plans") == ("m3", "m4.2", "m4.10", "spring")
    with pytest.raises(UsageError, match=r"the plans here are m3, m4.2, m4.10, spring. .*`run-milestone plan new m9`"):
        load(tmp_path / "plans" / "m9")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_fifo_or_folder_as_plan_is_refused(folder, make):
    make(folder / "plan.yaml")
    with pytest.raises(PlanError, match="not a regular file"):
        load(folder)


def test_the_founding_example_is_a_plan():
    milestone = load(ROOT / "plans" / "m4.1")
    assert isinstance(milestone, Milestone)
    assert [issue.number for issue in milestone.issues] == [f"{number:02d}" for number in range(1, 14)]
