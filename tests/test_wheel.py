"""The wheel, in an environment of its own and a repository that owns packages called `tasks` and `schemas`."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from support.person import Person

CHECKOUT = Path(__file__).parents[1]
PLAN = """\
id: m1
title: Orders people can trust
branch: milestone/m1
agent: {kind: human}
phases:
  - title: Orders
    issues:
      - number: 1
        title: Refuse an empty order
        criteria: [An order without lines is refused]
      - number: 2
        title: Add up an order
        criteria: [The total is the sum of the lines]
"""
FILES = {
    "tasks/__init__.py": '"""The shop\'s own tasks."""\n\nOWNER = "the shop"\n',
    "schemas/__init__.py": '"""The shop\'s own schemas."""\n\nOWNER = "the shop"\n',
    "tests/test_shop.py": """\
import schemas
import tasks


def test_the_packages_are_the_shops():
    assert (tasks.OWNER, schemas.OWNER) == ("the shop", "the shop")
""",
}
WORK = {"01": ("refuse-an-empty-order", "refusing"), "02": ("add-up-an-order", "adding")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel as pip does, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ("wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder))
    subprocess.run([sys.executable, "-m", "pip", *words, str(CHECKOUT)], check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A fresh environment with the wheel in it; what the wheel depends on comes from the one the tests run in."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    words = ("--python", str(folder), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True, text=True)
    packages = sysconfig.get_path("purelib", "venv", vars={"base": str(folder), "platbase": str(folder)})
    Path(packages, "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder


@pytest.fixture
def shop(environment, tmp_path):
    """A person in their own repository, who has nothing of the checkout but the wheel."""

    class Customer(Person):
        def types(self, *words):
            return self._runs([environment / "bin" / "run-milestone", *words], None, {"PYTHONPATH": ""})

    folder = tmp_path / "shop"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    ada = Customer(folder)
    ada.git("init", "--quiet", "--initial-branch=main", where=".")
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Open the shop", where=".")
    return ada


def checkout(ada):
    """What nobody may touch: commit, branch, index, changes and stash of the person's own checkout."""
    return [
        ada.git(*words, where=".")
        for words in (
            ("rev-parse", "HEAD"),
            ("branch", "--show-current"),
            ("ls-files", "--stage"),
            ("status", "--porcelain"),
            ("stash", "list"),
        )
    ]


def implement(ada, number):
    """Do an issue's work as the message asks: commit in the worktree that it names."""
    tree = ada.folder.with_name("shop.worktrees") / f"m1-{number}-person"
    module = WORK[number][1]
    (tree / f"{module}.py").write_text(f'"""{module.title()}."""\n\nDONE = True\n')
    test = f"import {module}\n\n\ndef test_{module}():\n    assert {module}.DONE\n"
    (tree / "tests" / f"test_{module}.py").write_text(test)
    ada.git("add", ".", where=tree)
    ada.git("commit", "--quiet", f"--message=Work on {number}", where=tree)
    return tree


def test_the_wheel_puts_one_package_into_an_environment(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"run_milestone", "run_milestone-0.1.0.dist-info"}
    written = {f"run_milestone/schemas/{path.name}" for path in (CHECKOUT / "schemas").glob("*.json")}
    assert written <= set(names)
    assert {
        "run_milestone/example/plan.yaml",
        "run_milestone/commands/ci/templates/event.yml",
        "run_milestone/render/html/page.html",
    } <= set(names)


def test_the_demo_finds_its_example_inside_the_wheel(environment, shop):
    make = "from pathlib import Path; from run_milestone.commands.scaffold import make_demo; make_demo(Path('demo'))"
    subprocess.run([environment / "bin" / "python", "-c", make], cwd=shop.folder, env={"PYTHONPATH": ""}, check=True)
    example = CHECKOUT / "plans" / "m4.1"
    made = shop.folder / "demo" / "plans" / "m4.1"
    assert {str(path.relative_to(made)) for path in made.rglob("*")} == {
        str(path.relative_to(example)) for path in example.rglob("*")
    }
    assert shop.types("-C", "demo", "plan", "check", "m4.1").lines[0].startswith("✓ plans/m4.1/plan.yaml: 13 issues")


def test_the_wheel_works_beside_equal_package_names(shop):
    assert shop.types("init").code == 0
    (shop.folder / "plans" / "m1" / "plan.yaml").write_text(PLAN)
    before = checkout(shop)

    asked = shop.types("m1")
    assert asked.code == 3, asked.out + asked.err
    for number, (slug, _) in WORK.items():
        assert f"commit your work on feat/m1-{number}-{slug}" in asked.out
        assert str(implement(shop, number)) in asked.out

    shown = shop.types("m1")
    assert shown.code == 3, shown.out + shown.err
    assert shown.out.count("✓ Tests: 2 passed") == len(WORK)  # the new one, and that the packages are the shop's
    assert "✓ Phase 1 complete — 2 PRs ready" in shown.out
    forge = shop.folder / ".git" / "run-milestone" / "remote.forge" / "pulls"
    pulls = [json.loads(path.read_text()) for path in sorted(forge.iterdir())]
    assert {(pull["head"], pull["base"], pull["state"]) for pull in pulls} == {
        (f"feat/m1-{number}-{slug}", "milestone/m1", "open") for number, (slug, _) in WORK.items()
    }
    assert len(pulls) == len(WORK)

    (shop.folder / "state" / "m1" / "approvals" / "phase-1.continue").touch()  # as the question says
    done = shop.types("m1")
    assert done.code == 0, done.out + done.err
    assert "✓ Milestone M1 Complete" in done.out
    assert checkout(shop) == before
    assert shop.types("m1").lines[0] == "✓ Milestone m1 is complete; nothing to do."
