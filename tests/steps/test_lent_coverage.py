"""Coverage is measured in a tree whose own environment has no pytest-cov."""

import json

import pytest

FILES = {
    "01-1": {
        "colour.py": "def name(red):\n    if red:\n        return 'red'\n    return 'blue'\n",
        "tests/test_colour.py": "from colour import name\n\n\ndef test_red():\n    assert name(True) == 'red'\n",
    }
}
HAS_PYTEST = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).parents[0])"


@pytest.mark.parametrize("lacking", [("pytest_cov",), ("pytest_cov", "coverage"), ()], ids=["plugin", "both", "none"])
def test_a_bare_environment_measures_coverage(make_milestone, lacking):
    """The tree's environment sees pytest of this interpreter, and not what it lacks."""
    link = (
        "import os, site, sys; import pytest; here = os.path.dirname(os.path.dirname(pytest.__file__)); "
        "to = next(os.path.join(where, 'site-packages') for where, _, _ in os.walk('.venv/lib') "
        "if os.path.isdir(os.path.join(where, 'site-packages'))); "
        f"[os.symlink(os.path.join(here, name), os.path.join(to, name)) for name in os.listdir(here) "
        f"if not os.path.exists(os.path.join(to, name)) and not name.lower().startswith({('no-package', *lacking)!r}) "
        "and name.partition('-')[0] not in "
        f"{tuple(lacking)!r}]"
    )
    setup = json.dumps([["{python}", "-m", "venv", "--without-pip", ".venv"], ["{python}", "-c", link]])
    ada = make_milestone(FILES, plan=f"tree: {{setup: {setup}}}\n")
    (ada.folder / ".gitignore").write_text(".venv\n")
    ada.git("add", ".gitignore", where=".")
    ada.git("commit", "--quiet", "--message=Ignore", where=".")
    result = ada.types("m1")
    tested = ada.reads("issues/01/test.json")["evidence"]
    assert ".venv/bin/python" in tested["imports"]["python"], result.out
    assert tested["unmeasured"] is None, result.out
    assert (tested["coverage"]["covered"], tested["coverage"]["lines"]) == (3, 4)
