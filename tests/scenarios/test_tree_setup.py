"""A tree is set up before anything runs in it: commands, files that git does not know, variables, submodules."""

import json
import os
import re
import shutil

import pytest

PART = {"part.js": "a = 1\n"}
NPM = {"setup": [["sh", "install.sh"]]}
INSTALL = """\
# Installs what the lock file names, and counts how often.
echo installed >> "$COUNT"
mkdir -p node_modules/.bin && cp package-lock.json node_modules/locked
printf '#!/bin/sh\\ntest -f node_modules/locked\\n' > node_modules/.bin/check && chmod +x node_modules/.bin/check
"""
FILES = {
    "install.sh": INSTALL,
    "package-lock.json": "{}\n",
    ".gitignore": "node_modules\n.env.test\n",
    "test.sh": "exec node_modules/.bin/check\n",
}


@pytest.fixture
def make_shop(make_milestone, tmp_path):
    """Give the person a milestone whose tests need what a setup makes; returns the person."""

    def make(work, tree, test=("sh", "test.sh"), files=None, review="none"):
        (tmp_path / "count").mkdir(exist_ok=True)
        settings = {
            "tree": {**tree, "env": {"COUNT": str(tmp_path / "count/installs"), **tree.get("env", {})}},
            "commands": {"lint": ["true"], "test": test, **({"review": review} if review else {})},
            "sandbox": {"kind": "none"},
        }
        ada = make_milestone(work, plan="".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))
        for name, text in {**FILES, **(files or {})}.items():
            (ada.folder / name).parent.mkdir(exist_ok=True)
            (ada.folder / name).write_text(text)
        ada.git("add", ".", where=".")
        ada.git("commit", "--quiet", "--message=Add the shop", where=".")
        return ada

    return make


def installs(tmp_path):
    record = tmp_path / "count/installs"
    return record.read_text().count("installed") if record.exists() else 0


def test_a_second_issue_takes_the_setup_over(make_shop, tmp_path):
    ada = make_shop({"01-1": PART, "02-1": {"other.js": "a = 2\n"}}, NPM)
    result = ada.types("m1")
    assert "✓ Tree set up (taken over from an earlier one)" in result.out
    assert [pull["number"] for pull in ada.pulls()] == [1, 2]
    assert installs(tmp_path) == 1
    assert "node_modules" not in ada.git("ls-tree", "-r", "--name-only", "feat/m1-01-issue-01", where=".")


@pytest.mark.parametrize("path", ["size.c", "src/deep/size.pyx", "lib/src/lib.rs"])
def test_what_a_setup_compiles_is_compiled_anew(make_shop, path):
    """The change would break what the tests load, had its tree not taken over what the setup made of the base."""
    compiles = {"setup": [["sh", "-c", f"cp {path} built.so"]]}
    ada = make_shop({"01-1": {path: "2\n"}, "02-1": PART}, compiles, ("grep", "-q", "1", "built.so"), {})
    (ada.folder / path).parent.mkdir(parents=True, exist_ok=True)
    (ada.folder / path).write_text("1\n")
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Add what is compiled", where=".")
    shown = ada.types("m1").out
    assert ada.reads("gates/01.json")["kind"] == "tests"
    assert [pull["number"] for pull in ada.pulls()] == [1]
    assert "✓ Tree set up (taken over from an earlier one)" in shown


@pytest.mark.parametrize("name", ["prepare", "postinstall", "install"])
def test_what_npm_builds_is_built_anew(make_shop, name):
    """A script of the package builds from files of any kind, and the tests load what it built."""
    shop = {"name": "shop", "version": "1.0.0"}
    files = {
        "package.json": json.dumps({**shop, "scripts": {name: "mkdir -p build && cp size.ts build/size.js"}}),
        "package-lock.json": json.dumps({**shop, "lockfileVersion": 3, "packages": {"": shop}}),
        ".gitignore": "node_modules\nbuild\n",
        "size.ts": "1\n",
    }
    work, reads = {"01-1": {"size.ts": "2\n"}, "02-1": PART}, ("grep", "-q", "1", "build/size.js")
    ada = make_shop(work, {"setup": [["npm", "ci"]]}, reads, files)
    ada.types("m1")
    assert ada.reads("gates/01.json")["kind"] == "tests"
    assert [pull["number"] for pull in ada.pulls()] == [1]


@pytest.mark.parametrize("review", ["none", None], ids=["unreviewed", "reviewed"])
def test_a_finished_issues_setup_moves_on(make_shop, tmp_path, review):
    work = {f"0{number}-1": {f"part{number}.py": f"PART = {number}\n"} for number in (1, 2, 3)}
    ada = make_shop(work, NPM, review=review)
    ada.types("m1")
    trees = [ada.folder.with_name(f"{ada.folder.name}.worktrees") / f"m1-0{number}" for number in (1, 2, 3)]
    assert [(tree / "node_modules").exists() for tree in trees] == [False, False, True]
    for tree in trees:
        assert ada.types("shell", "m1", tree.name[-2:], "node_modules/.bin/check").code == 0
    assert installs(tmp_path) == 1


def test_a_changed_lock_file_sets_up_again(make_shop, tmp_path):
    ada = make_shop({"01-1": {"package-lock.json": '{"left-pad": 1}\n'}}, NPM)
    ada.types("m1")
    assert installs(tmp_path) == 2


def test_a_taken_back_install_leaves_nothing(make_shop):
    """The first attempt installs a program that passes everything; the second has the same lock file, and no trace."""
    checks = "mkdir -p node_modules/.bin && printf '#!/bin/sh\\n%s\\n' '{}' > node_modules/.bin/check\n"
    honest = checks.format("grep -q good part.js") + "chmod +x node_modules/.bin/check\n"
    planted = checks.format("exit 0") + "chmod +x node_modules/.bin/check\n"
    locked = {"package-lock.json": '{"left-pad": 1}\n', "part.js": "bad\n"}
    work = {"01-1": {**locked, "install.sh": planted}, "01-2": {**locked, "install.sh": honest}, "02-1": PART}
    ada = make_shop(work, NPM, files={"install.sh": honest, "part.js": "good\n"})
    first = ada.types("m1")
    assert first.code == 3
    ada.types("decide", "m1", "01", "fix")
    result = ada.types("m1")
    assert ada.reads("gates/01.json")["kind"] == "tests", first.out + result.out


@pytest.mark.parametrize("path", ["node_modules/.bin/check", "version.js"], ids=["in a folder", "a single file"])
def test_an_agents_changes_to_it_are_put_back(make_shop, path):
    cheat = {path: "exit 0\n", "part.js": "a = 1\n"}
    setup = {"setup": [["sh", "install.sh"], ["sh", "-c", "echo locked > version.js"]]}
    ada = make_shop({"01-1": cheat}, setup, test=("grep", "-q", "locked", path))
    ada.types("m1")
    assert [pull["number"] for pull in ada.pulls()] == [1]


def test_a_setup_that_fails_is_asked_once(make_shop):
    ada = make_shop({"01-1": PART}, {"setup": [["sh", "-c", "echo no such package >&2; exit 3"]]})
    result = ada.types("m1")
    assert result.code == 3
    assert "🛑 A tree cannot be set up" in result.out
    assert "ended with exit code 3: no such package" in result.out
    assert "retry" in result.out
    assert ada.reads("gates/bootstrap.json")["kind"] == "setup"


def test_a_setup_that_fails_shows_its_end(make_shop):
    words = "error: it did not build\n  the.backend.ConfigError: no version\nhint: see above"
    ada = make_shop({"01-1": PART}, {"setup": [["sh", "-c", f"printf '{words}' >&2; exit 1"]]})
    shown = ada.types("m1").out
    assert "ended with exit code 1: the.backend.ConfigError: no version (log: " in shown
    assert "\n  error: it did not build\n    the.backend.ConfigError: no version\n  hint: see above\n" in shown


@pytest.mark.parametrize(
    ("variable", "manifest", "text"),
    [
        ("SETUPTOOLS_SCM_PRETEND_VERSION", "pyproject.toml", '[build-system]\nrequires = ["hatch-vcs"]\n'),
        ("PDM_BUILD_SCM_VERSION", "pyproject.toml", '[tool.pdm.version]\nsource = "scm"\n'),
        ("PBR_VERSION", "api/setup.py", 'setup(setup_requires=["pbr"], pbr=True)\n'),
    ],
)
def test_every_command_gets_gits_version(make_shop, variable, manifest, text):
    hears = ["sh", "-c", f'test "${variable}" = 1.10.0']
    files = {"api/README": "", manifest: text}
    ada = make_shop({"01-1": PART}, {"setup": [hears]}, test=hears, files=files)
    for tag in ("v1.9.0", "v1.10.0", "nightly"):
        ada.git("tag", tag, where=".")
    assert "✓ PR #1 created" in ada.types("m1").out
    assert ada.types("shell", "m1", "01", *hears).code == 0


@pytest.mark.parametrize("setup", ["a setup", "no setup", "a version in the plan"])
def test_a_new_version_tag_is_heard(make_shop, setup):
    files = {"pyproject.toml": '[build-system]\nrequires = ["setuptools-scm"]\n', ".gitignore": "version\n"}
    heard = "version" if setup == "a setup" else "-"
    writes = {"setup": [["sh", "-c", "echo $SETUPTOOLS_SCM_PRETEND_VERSION > version"]]} if heard == "version" else {}
    planned = {"env": {"SETUPTOOLS_SCM_PRETEND_VERSION": "7.0"}} if setup == "a version in the plan" else {}
    test = f'echo "$SETUPTOOLS_SCM_PRETEND_VERSION" | cat {heard} | grep -x "$WANTED"'
    wanted = "7.0" if planned else "2.0"
    ada = make_shop({"01-1": PART}, {**writes, **planned}, ("sh", "-c", test.replace("$WANTED", wanted)), files)
    assert ("✓ PR #1 created" in ada.types("m1").out) == bool(planned)
    ada.git("tag", "v2.0", where=".")
    assert ("✓ PR #1 created" in ada.types("m1").out) == (not planned)


def test_only_tests_keep_what_uv_made(make_shop, tmp_path):
    may_sync = 'test -z "$UV_NO_SYNC"'
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").write_text(f"#!/bin/sh\n{may_sync}\n")
    (tmp_path / "bin/uv").chmod(0o755)
    ada = make_shop({"01-1": PART}, {"setup": [["uv", "sync"]]}, test=("sh", "-c", 'test "$UV_NO_SYNC" = 1'))
    plan = ada.folder / "plans/m1/plan.yaml"
    agent = json.dumps(["sh", "-c", f"{may_sync} && echo a > part.js"])
    plan.write_text(re.sub(r"command: \[.*agent.*\]", f"command: {agent}", plan.read_text()))
    ada.types("m1", env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert ada.git("diff", "--name-only", "main", "feat/m1-01-issue-01", where=".") == "part.js"
    assert [pull["number"] for pull in ada.pulls()] == [1]


def test_files_and_variables_reach_the_tree_alone(make_shop):
    ada = make_shop(
        {"01-1": PART},
        {"copy": [".env.test"], "env": {"NAME": "shop_{issue}"}},
        test=("sh", "-c", "grep -q secret .env.test && case $NAME in shop_base|shop_01) ;; *) exit 1 ;; esac"),
    )
    (ada.folder / ".env.test").write_text("secret\n")
    ada.types("m1")
    assert [pull["number"] for pull in ada.pulls()] == [1]
    assert ".env.test" not in ada.git("ls-tree", "-r", "--name-only", "feat/m1-01-issue-01", where=".")


def test_tracked_files_that_a_setup_changes_stay(make_shop):
    ada = make_shop(
        {"01-1": PART}, {"setup": [["sh", "-c", "echo changed > package-lock.json; touch made"]]}, ("true",)
    )
    ada.types("m1")
    assert ada.git("diff", "--name-only", "main", "feat/m1-01-issue-01", where=".") == "part.js"


def test_the_trees_own_environment_is_python(make_shop):
    setup = {"setup": [["{python}", "-m", "venv", "--without-pip", ".venv"]]}
    program = "import sys; assert sys.prefix.endswith('.venv') and 'worktrees' in sys.prefix"
    ada = make_shop({"01-1": PART}, setup, ("{python}", "-c", program), {".gitignore": ".venv\n"})
    ada.types("m1")
    assert [pull["number"] for pull in ada.pulls()] == [1]


@pytest.fixture
def vendored(make_shop, tmp_path):
    """The person's milestone, whose tests need a file of a submodule with another name, which has one of its own."""
    ada = make_shop({"01-1": PART}, {}, ("grep", "-q", "VALUE", "libs/vendor/lib.py"))
    ada.git("config", "--global", "protocol.file.allow", "always", where=".")
    for name in ("inner", "library"):
        folder = tmp_path / name
        folder.mkdir()
        ada.git("init", "--quiet", where=folder)
        (folder / "lib.py").write_text(f"{'VALUE' if name == 'library' else 'INNER'} = 1\n")
    for folder, words in (
        (tmp_path / "inner", ()),
        (tmp_path / "library", (str(tmp_path / "inner"), "deep")),
        (ada.folder, ("--name", "another/name", str(tmp_path / "library"), "libs/vendor")),
    ):
        if words:
            ada.git("submodule", "add", "--quiet", *words, where=folder)
        ada.git("add", ".", where=folder)
        ada.git("commit", "--quiet", "--message=Start", where=folder)
    ada.git("submodule", "update", "--quiet", "--init", "--recursive", where=".")
    return ada


def test_submodules_are_in_the_tree(vendored):
    vendored.types("m1")
    assert [pull["number"] for pull in vendored.pulls()] == [1]
    assert vendored.git("diff", "--name-only", "main", "feat/m1-01-issue-01", where=".") == "part.js"


def test_a_submodules_own_submodule_is_there(vendored):
    plan = vendored.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("libs/vendor/lib.py", "libs/vendor/deep/lib.py").replace("VALUE", "INNER"))
    vendored.types("m1")
    assert [pull["number"] for pull in vendored.pulls()] == [1]


def test_a_submodules_remote_may_be_gone(vendored, tmp_path):
    (tmp_path / "library").rename(tmp_path / "moved")
    vendored.types("m1")
    assert [pull["number"] for pull in vendored.pulls()] == [1]


@pytest.mark.parametrize("file", ["lib.py", "new.py", None])
def test_changes_in_a_submodule_are_said(vendored, tmp_path, file):
    work = json.loads((tmp_path / "work.json").read_text())
    if file:
        work["01-1"] |= {f"libs/vendor/{file}": "VALUE = 2\n"}
        (tmp_path / "work.json").write_text(json.dumps(work))
    result = vendored.types("m1")
    assert ("changes in libs/vendor are left out: a submodule's commits" in result.out) == bool(file), result.out
    assert vendored.git("diff", "--name-only", "main", "feat/m1-01-issue-01", where=".") == "part.js"


def test_submodules_that_are_not_fetched_are_named(vendored):
    shutil.rmtree(vendored.folder / ".git/modules")
    result = vendored.types("m1")
    assert "1 submodule empty in every tree, because not fetched here: libs/vendor" in result.out
    assert "`git submodule update --init --recursive` fetches them" in result.out


def test_why_looks_at_a_set_up_milestone(make_shop):
    ada = make_shop({"01-1": PART}, NPM)
    ada.types("m1")
    assert "m1:01:setup: done" in ada.types("why", "m1", "01").out
    assert "phase-1" in ada.types("m1", "--dry-run").out
