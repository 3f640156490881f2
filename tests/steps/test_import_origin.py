"""Tests of a tree import the tree's code, however the project is installed; what cannot be put right is no pass."""

import os
import subprocess
import sys
import venv

import pytest

from run_milestone.adapters.process import Processes
from run_milestone.checks.python_packages import own_packages
from run_milestone.model import Commands
from run_milestone.steps.import_origin import Sources
from run_milestone.steps.run_tests import run_suite
from run_milestone.steps.workplace import Workplace

RIGHT = "def total(lines):\n    return sum(lines)\n"
WRONG = "def total(lines):\n    return 0\n"
TEST = "from {} import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
FINDER = """\
import sys
from importlib.util import spec_from_file_location


class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "shop":
            return spec_from_file_location(name, {place!r}, submodule_search_locations=[{folder!r}])
        return None


def install():
    sys.meta_path.{how}(Finder)
"""
HOOK = "import __editable___shop_finder; __editable___shop_finder.install()"
SETUPTOOLS = '[tool.setuptools.package-dir]\n"" = "lib"\n'
POETRY = '[tool.poetry]\nname = "shop"\npackages = [{include = "shop", from = "python"}]\n'


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pth(source):
    """What an editable install of hatchling, poetry, flit, uv and pdm leaves, and of setuptools where it can."""
    return lambda checkout: {"__editable__.shop.pth": str(checkout / source)}


def finder(how):
    """What an editable install of setuptools leaves for other layouts (append), and of meson (insert)."""

    def files(checkout):
        folder = checkout / "src/shop"
        code = FINDER.format(place=str(folder / "__init__.py"), folder=str(folder), how=how)
        return {"__editable___shop_finder.py": code.replace("insert(", "insert(0, "), "__editable__.shop.pth": HOOK}

    return files


def copy(name):
    """What `pip install .` leaves."""
    return lambda checkout: {name: RIGHT}


@pytest.fixture(scope="session")
def bare_environment(tmp_path_factory):
    """An environment that has pytest and nothing of any project."""
    folder = tmp_path_factory.mktemp("bare") / "env"
    venv.create(folder, symlinks=True)
    program = "import site; print(*site.getsitepackages(), sep='\\n')"
    places = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    (packages(folder) / "a.pth").write_text(places)
    return folder


def packages(env):
    return next(env.glob("lib/python*/site-packages"))


@pytest.fixture
def run_in_tree(tmp_path, bare_environment):
    """Run the tests of a tree whose code is wrong, while the checkout's is right and installed; returns the result."""

    def run(module, code, installed, *, more=None, options=(), gone=(), first=False):
        checkout, tree, env = tmp_path / "shop", tmp_path / "shop.worktrees" / "m1-01", tmp_path / "env"
        files = {"tests/test_shop.py": TEST.format(module), **(more or {})}
        write(checkout, {**files, code: RIGHT})
        write(tree, {**files, code: WRONG})
        subprocess.run(["cp", "-r", str(bare_environment), str(env)], check=True)
        write(packages(env), installed(checkout))
        paths = [str(path.relative_to(checkout)) for path in checkout.rglob("*.*") if path.is_file()]
        mine = Sources(checkout, own_packages(paths, lambda path: (checkout / path).read_bytes()))
        for name in gone:
            (tree / name).unlink()
        command = (str(env / "bin/python"), *options, "-m", "pytest", "-q", "--import-mode=importlib")
        processes = Processes()
        try:
            variables = {"PYTHONPATH": str(packages(env))} if first else {}
            place = Workplace(tree, env=variables, mine=mine)
            return run_suite(processes, Commands(test=command), place, tmp_path / "test.log")
        finally:
            processes.stop()

    return run


@pytest.mark.parametrize(
    ("module", "code", "installed", "more"),
    [
        ("shop", "src/shop/__init__.py", pth("src"), {}),
        ("shop", "src/shop/__init__.py", finder("append"), {}),
        ("shop", "src/shop/__init__.py", finder("insert"), {}),
        ("shop", "src/shop/__init__.py", copy("shop/__init__.py"), {}),
        ("shop", "src/shop.py", copy("shop.py"), {}),
        ("shop", "lib/shop/__init__.py", pth("lib"), {"pyproject.toml": SETUPTOOLS}),
        ("shop", "python/shop/__init__.py", pth("python"), {"pyproject.toml": POETRY}),
        ("shop", "shop/__init__.py", pth("."), {}),
        ("acme.shop", "src/acme/shop/__init__.py", pth("src"), {}),
        ("acme.shop", "src/acme/shop/__init__.py", copy("acme/shop/__init__.py"), {}),
        ("shop", "services/api/src/shop/__init__.py", pth("services/api/src"), {"services/api/setup.py": ""}),
    ],
)
def test_tests_import_the_tree_however_it_is_installed(run_in_tree, module, code, installed, more):
    result = run_in_tree(module, code, installed, more=more, options=("-P",))
    assert result.failed == ("tests.test_shop::test_total",)
    top = module.partition(".")[0]
    place = code.partition(f"{top}/")[0] + top if f"{top}/" in code else code
    assert result.imports.places == (f"{top} ({place})",)
    assert result.imports.elsewhere == ()


@pytest.mark.parametrize("name", ["src/shop/__init__.py", "src/shop/parts.py"])
def test_what_the_tree_lacks_is_not_borrowed(run_in_tree, name):
    parts = {"src/shop/parts.py": RIGHT, "src/shop/other.py": RIGHT, "tests/test_shop.py": TEST.format("shop.parts")}
    result = run_in_tree("shop", "src/shop/__init__.py", pth("src"), more=parts, options=("-P",), gone=[name])
    assert result.failed or result.passed == ("tests.test_shop::test_total",)
    assert bool(result.failed) == name.endswith("parts.py")


def test_a_shared_namespace_keeps_its_other_parts(run_in_tree):
    test = "from acme.core import total\nimport acme.shop\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"

    def both(checkout):
        return {**pth("src")(checkout), "acme/core.py": RIGHT}

    more = {"tests/test_shop.py": test}
    result = run_in_tree("acme.shop", "src/acme/shop/__init__.py", both, more=more, options=("-P",))
    assert result.passed == ("tests.test_shop::test_total",)


def test_an_interpreter_that_takes_nothing_is_seen(run_in_tree, tmp_path):
    result = run_in_tree("shop", "src/shop/__init__.py", pth("src"), options=("-I",))
    assert result.imports.elsewhere == (f"shop ({os.path.realpath(tmp_path / 'shop/src/shop')})",)


def test_the_projects_own_sitecustomize_still_runs(run_in_tree):
    mark = {"tests/test_shop.py": "import os\n\n\ndef test_mark():\n    assert os.environ['MARK'] == 'set'\n"}

    def customised(checkout):
        return {"sitecustomize.py": "import os\n\nos.environ['MARK'] = 'set'\n"}

    result = run_in_tree("shop", "src/shop/__init__.py", customised, more=mark, first=True)  # Debian's Python has one
    assert result.passed == ("tests.test_shop::test_mark",)


# ---- a whole run --------------------------------------------------------------------------------------------------


def test_an_editable_install_proves_no_wrong_change(make_milestone, tmp_path, bare_environment):
    test = "from shop import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
    criteria = "criteria: [{text: Totals hold, test: 'tests/test_shop.py::test_total'}]"
    ada = make_milestone({"01-1": {"src/shop/__init__.py": WRONG}}, criteria)
    write(ada.folder, {"src/shop/__init__.py": RIGHT, "tests/test_shop.py": test})
    ada.git("add", "src", "tests", where=".")
    ada.git("commit", "--quiet", "--message=Add the shop", where=".")
    env = tmp_path / "env"
    subprocess.run(["cp", "-r", str(bare_environment), str(env)], check=True)
    write(packages(env), pth("src")(ada.folder))
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text() + f"commands: {{test: [{env}/bin/python, -m, pytest]}}\n")
    result = ada.types("m1")
    assert f"✓ Code under test: shop (src/shop), widgets (widgets.py), by {env}/bin/python" in result.out
    assert "🛑 Tests failing" in result.out
    assert "- test_total" in result.out
    assert ada.pulls() == []
