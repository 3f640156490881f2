"""Commands of single pages do what the page says."""

import shutil
import subprocess

import pytest
from support.pages import CHECKOUT, block, on_path


@pytest.fixture
def shell(tmp_path, sealed_home):
    """Run a block of a page in a folder as a person's shell would; returns what it printed."""

    def run(folder, text):
        env = {"PATH": on_path(), "HOME": str(sealed_home), "GIT_CONFIG_NOSYSTEM": "1", "LANG": "C.UTF-8"}
        done = subprocess.run(["sh", "-euc", text], cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_larger_budget_is_given_as_shown(make_milestone, shell):
    plan = "limits: {time: 1s}\ncommands: {test: [sleep, '2']}\n"
    ada = make_milestone({"01-1": {"a.py": "A = 1\n"}}, plan=plan)
    assert ada.types("m1").code == 4
    printed = shell(ada.folder, block("docs/guides/unattended.md", "decide-budget"))
    assert "budget.approve written" in printed


def test_the_example_without_python_can_be_tried(tmp_path, shell):
    shutil.copytree(CHECKOUT / "tests/examples", tmp_path / "tests/examples")
    printed = shell(tmp_path, block("docs/guides/stack/other.md", "larder"))
    assert "11 issues in" in printed
    assert "Dry run of m2: nothing is changed." in printed
