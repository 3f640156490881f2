"""Plans and state are kept where the project says, and never in a folder of the product."""

import shutil

import pytest

SETTINGS = 'plans = "docs/milestones"\nstate = ".run-milestone"\n'


@pytest.fixture
def mover(ada):
    """Ada's project with its plan of m1 in another folder, and no state yet."""
    (ada.folder / "docs").mkdir()
    (ada.folder / "plans").rename(ada.folder / "docs/milestones")
    shutil.rmtree(ada.folder / "state", ignore_errors=True)
    return ada


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("run-milestone.toml", SETTINGS),
        ("pyproject.toml", f"[tool.run-milestone]\n{SETTINGS}"),
        (
            "pyproject.toml",
            f'[project]\nname = "widgets"\n\n[tool]\nrun-milestone = {{{SETTINGS.strip().replace(chr(10), ", ")}}}\n',
        ),
    ],
)
def test_plans_and_state_are_where_settings_say(mover, file, text):
    (mover.folder / file).write_text(text)
    result = mover.types("m1")
    assert result.code == 3
    assert "touch .run-milestone/m1/approvals/01.skip" in result.out
    assert not (mover.folder / "state").exists()
    (mover.folder / ".run-milestone/m1/approvals/01.skip").touch()
    assert "Skipped Issue #01" in mover.doit("run", "m1").out
    assert "docs/milestones/m1/plan.yaml" in mover.types("plan", "check", "m1").out
    assert mover.types("verify", "m1").code == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('stat = "x"\n', "unknown key 'stat'. Did you mean 'state'?"),
        ('state = "../elsewhere"\n', "expected a folder below the project"),
        ("state = 7\n", "expected a folder below the project"),
        ('state = ".git/x"\n', "expected a folder below the project"),
        ('plans = "m"\nstate = "m/state"\n', "are in one another"),
        ("state = \n", "no valid TOML"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(ada, text, reason):
    (ada.folder / "run-milestone.toml").write_text(text)
    result = ada.types("status", "m1")
    assert (result.code, reason in result.err) == (2, True), result.err


@pytest.mark.parametrize(
    ("product", "made"),
    [
        (["state/__init__.py"], {"plans/m1/plan.yaml", ".run-milestone/.gitignore"}),
        (["plans/basic.json"], {"milestones/m1/plan.yaml", "state/.gitignore"}),
        (["state"], {"plans/m1/plan.yaml", ".run-milestone/.gitignore"}),
        (["state/store/app.js", "plans/__init__.py"], {"milestones/m1/plan.yaml", ".run-milestone/.gitignore"}),
        (["state/.gitkeep"], {"plans/m1/plan.yaml", "state/.gitignore"}),
    ],
)
def test_init_leaves_the_products_folders_alone(ada, product, made):
    for name in ("plans", "state"):
        shutil.rmtree(ada.folder / name, ignore_errors=True)
    for name in product:
        (ada.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (ada.folder / name).touch()
    assert ada.types("init").code == 0
    assert all((ada.folder / name).exists() for name in made)
    assert not [name for name in ("state/.gitignore", "plans/m1") if name not in made and (ada.folder / name).is_file()]
    assert ada.types("plan", "check", "m1").code == 0


def test_a_run_refuses_the_products_state_folder(ada):
    (ada.folder / "state").mkdir(exist_ok=True)
    (ada.folder / "state/machine.py").touch()
    result = ada.types("m1")
    assert result.code == 2
    assert "holds machine.py" in result.err
    assert not (ada.folder / "state/m1").exists()


def test_records_are_not_begun_twice(ada):
    assert ada.types("m1").code == 3
    (ada.folder / "run-milestone.toml").write_text('state = ".run-milestone"\n')
    result = ada.types("m1")
    assert result.code == 2
    assert "Move them: `mv state/m1 .run-milestone/m1`" in result.err


@pytest.mark.parametrize("name", ["spring", "release-2026.1", "Q3_payments"])
def test_a_milestone_may_have_any_name(ada, name):
    (ada.folder / "plans/m1").rename(ada.folder / "plans" / name.lower())
    plan = ada.folder / "plans" / name.lower() / "plan.yaml"
    plan.write_text(plan.read_text().replace("id: m1", f"id: {name}"))
    ada.describes_the_first_issue(name.lower())
    result = ada.types(name)
    assert result.code == 3
    assert f"touch state/{name.lower()}/approvals/01.skip" in result.out
    assert f"feat/{name.lower()}-01-" in result.out
    assert ada.types(name.lower(), "--dry-run").code == 0


@pytest.mark.parametrize("name", ["status", "a b", "../m1", "spring.lock", "-x", "m1-2"])
def test_names_that_cannot_be_are_refused(ada, name):
    result = ada.types("plan", "new", "--", name) if name.startswith("-") else ada.types("plan", "new", name)
    assert result.code == 2
    assert not (ada.folder / "plans" / name / "plan.yaml").exists() or name == "../m1"


def test_a_mistyped_command_names_the_nearest(ada):
    assert "Did you mean `run-milestone status`?" in ada.types("statsu", "m1").err
    assert "neither a command nor a milestone" in ada.types("nonsense").err


def test_answers_may_stand_before_the_first_run(ada):
    (ada.folder / "state/m1/stale").mkdir(parents=True)
    (ada.folder / "state/m1/stale/note.txt").touch()
    assert ada.types("m1").code == 3
