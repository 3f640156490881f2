"""Dependencies: new ones with their licence and who told it, changed versions, lock files; all offline."""

import pytest

from run_milestone.checks.dependencies import check
from run_milestone.checks.licences import look_up
from run_milestone.checks.manifests import Dependency
from run_milestone.model import Kind, Licences, Severity, TreeSpec

BEFORE = '[project]\nname = "users"\ndependencies = ["alembic>=1.13"]\n'


def reported(change):
    return [(finding.kind, finding.message) for finding in check(change)]


def test_httpx_of_the_example_is_bsd(world):
    after = BEFORE.replace('"alembic>=1.13"', '\n  "alembic>=1.13",\n  "httpx==0.25.0",\n')
    (finding,) = check(world.change({"pyproject.toml": BEFORE}, {"pyproject.toml": after}))
    assert (finding.kind, finding.severity) == (Kind.DEPENDENCY, Severity.INFO)
    assert finding.message == "New dependency: httpx v0.25.0 (BSD-3-Clause)"
    assert finding.detail == "Licence from installed metadata of httpx 0.25.0"
    assert (finding.path, finding.line) == ("pyproject.toml", 5)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("httpx==0.24.1", "New dependency: httpx v0.24.1 (unknown licence)"),
        ("httpx>=9", "New dependency: httpx >=9 (unknown licence)"),
        ("no-such-package", "New dependency: no-such-package any version (unknown licence)"),
        ("certifi", "New dependency: certifi v{certifi} (MPL-2.0)"),
        ("x @ https://host.invalid/x.zip", "New dependency: x @ https://host.invalid/x.zip (unknown licence)"),
    ],
)
def test_what_is_unknown_or_not_permissive_stops(world, asked, message):
    from importlib.metadata import version

    after = BEFORE.replace('"alembic>=1.13"', f'"alembic>=1.13", "{asked}"')
    (finding,) = check(world.change({"pyproject.toml": BEFORE}, {"pyproject.toml": after}))
    assert (finding.kind, finding.severity) == (Kind.LICENCE, Severity.CRITICAL)
    assert finding.message == message.format(certifi=version("certifi"))


@pytest.mark.parametrize(
    ("licence", "permissive", "shown"),
    [
        ("MIT", True, "MIT"),
        ("mit", True, "MIT"),
        ("GPL-3.0-only", False, "GPL-3.0-only"),
        ("MIT OR GPL-3.0-only", True, "MIT OR GPL-3.0-only"),
        ("MIT AND GPL-3.0-only", False, "MIT AND GPL-3.0-only"),
        ("(MIT OR GPL-2.0-only) AND BSD-2-Clause", True, "(MIT OR GPL-2.0-only) AND BSD-2-Clause"),
        ("Apache-2.0 WITH LLVM-exception", True, "Apache-2.0 WITH LLVM-exception"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False, "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("BSD", False, "BSD"),
        ("see LICENSE", False, "see LICENSE"),
    ],
)
def test_licence_expressions_take_best_of_or(licence, permissive, shown):
    answer = look_up(Dependency("pypi", "ours"), Licences(packages={"ours": licence}))
    assert (answer.permissive, answer.licence, answer.source) == (permissive, shown, "the plan's licence policy")


def test_the_plan_may_allow_more_and_answers_first():
    package = Dependency("pypi", "httpx", "==0.25.0", "0.25.0")
    assert look_up(package, Licences(packages={"httpx": "MPL-2.0"}, allow=("MPL-2.0",))).permissive
    assert not look_up(package, Licences(packages={"HTTPX": "MPL-2.0"})).permissive


FORMS = {
    "pyproject.toml": (
        '[project]\nname = "users"\ndependencies = [{0}]\n',
        "",
        '"httpx==0.25.0"',
    ),
    "optional": (
        '[project]\nname = "users"\noptional-dependencies.all = [{0}]\n',
        '"users[x]"',
        '"users[x]", "httpx==0.25.0"',
    ),
    "group": ("[dependency-groups]\ndev = [{0}]\nall = [{{include-group = 'dev'}}]\n", "", '"httpx==0.25.0"'),
    "build": ("[build-system]\nrequires = [{0}]\n", "", '"httpx==0.25.0"'),
    "poetry": ('[tool.poetry.dependencies]\npython = "^3.11"\n{0}', "", 'httpx = "0.25.0"\n'),
    "poetry group": ("[tool.poetry.group.dev.dependencies]\n{0}", "", 'HTTPX = {{version = "==0.25.0"}}\n'),
    "uv": ("[tool.uv]\ndev-dependencies = [{0}]\n", "", '"httpx==0.25.0"'),
    "requirements.txt": ("# ours\n-r base.txt\n{0}", "", "httpx==0.25.0 --hash=sha256:00  # why\n"),
    "requirements/dev.txt": ("{0}", "", "HTTPX [http2] == 0.25.0 ; python_version > '3'\n"),
    "requirements-dev.in": ("{0}", "", "httpx==0.25.0 \\\n  --hash=sha256:00\n"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_asking_is_read(world, form):
    template, before, after = FORMS[form]
    path = form if "." in form else "pyproject.toml"
    change = world.change({path: template.format(before)}, {path: template.format(after.format())})
    assert reported(change) == [(Kind.DEPENDENCY, "New dependency: httpx v0.25.0 (BSD-3-Clause)")]


def test_npm_packages_are_asked_of_the_plan(world):
    before, after = (
        '{"dependencies": {"a": "1.0.0"}}',
        '{"dependencies": {"a": "1.1.0"}, "devDependencies": {"jest": "^29"}}',
    )
    policy = Licences(packages={"jest": "MIT"})
    assert reported(world.change({"package.json": before}, {"package.json": after}, licences=policy)) == [
        (Kind.DEPENDENCY, "a 1.0.0 → 1.1.0"),
        (Kind.DEPENDENCY, "New dependency: jest ^29 (MIT)"),
    ]


def test_an_editable_or_unnamed_requirement_is_not_overlooked(world):
    change = world.change({"requirements.txt": ""}, {"requirements.txt": "-e git+https://host.invalid/x\n"})
    assert reported(change) == [(Kind.LICENCE, "New dependency: git+https://host.invalid/x (unknown licence)")]


def test_a_changed_version_is_told_with_both(world):
    after = BEFORE.replace(">=1.13", ">=1.14")
    assert reported(world.change({"pyproject.toml": BEFORE}, {"pyproject.toml": after})) == [
        (Kind.DEPENDENCY, "alembic >=1.13 → >=1.14")
    ]


def test_what_only_moves_or_goes_is_not_new(world):
    before = {"pyproject.toml": BEFORE, "requirements.txt": "httpx==0.25.0\nold\n"}
    after = {"pyproject.toml": BEFORE.replace('"]', '", "httpx==0.25.0"]'), "requirements.txt": "\n"}
    assert reported(world.change(before, after)) == []


def test_an_unexplained_lock_file_is_a_finding(world):
    assert reported(world.change({"uv.lock": "a\n"}, {"uv.lock": "b\n"})) == [
        (Kind.LOCKFILE, "Lock file changed: uv.lock")
    ]
    after = BEFORE.replace(">=1.13", ">=1.14")
    change = world.change({"pyproject.toml": BEFORE, "uv.lock": "a\n"}, {"pyproject.toml": after, "uv.lock": "b\n"})
    assert reported(change) == [(Kind.DEPENDENCY, "alembic >=1.13 → >=1.14")]


def test_an_unreadable_manifest_is_a_finding(world):
    change = world.change({"pyproject.toml": BEFORE}, {"pyproject.toml": "[project\n"})
    ((kind, message),) = reported(change)
    assert kind is Kind.TOOL
    assert message.startswith("pyproject.toml cannot be read: Expected ']'")


def test_other_changes_are_nothing(world):
    assert reported(world.change({}, {"src/a.py": "import httpx\n", "notes/list.txt": "httpx==0.25.0\n"})) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("package-lock.json", '"resolved": "https://{}/left/-/left-1.0.0.tgz",\n'),
        ("yarn.lock", '  resolved "https://{}/left/-/left-1.0.0.tgz"\n'),
        ("uv.lock", 'source = {{ registry = "https://{}/simple" }}\n'),
        ("Cargo.lock", 'source = "registry+https://{}/index"\n'),
    ],
)
def test_a_lock_that_takes_from_elsewhere_stops(world, name, line):
    before = line.format("index.invalid")
    same = world.change({name: before}, {name: before + "more\n"})
    assert [kind for kind, _ in reported(same)] == [Kind.LOCKFILE]
    other = world.change({name: before}, {name: before + line.format("evil.invalid")})
    assert (Kind.LICENCE, "The lock file takes packages from another host: evil.invalid") in reported(other)


WAYS = [
    '"funding": {"url": "https://pay.invalid/a"}',
    '"funding": {\n  "type": "x",\n  "url": "https://pay.invalid/a"\n}',
    '"funding": [{"url": "https://pay.invalid/a"}, "https://pay.invalid/b"]',
]


@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_pay_is_no_source(world, way):
    name, line = "package-lock.json", '"resolved": "https://index.invalid/left.tgz",\n'
    assert [kind for kind, _ in reported(world.change({name: line}, {name: line + way}))] == [Kind.LOCKFILE]
    package = '"funding": {"version": "1", "resolved": "https://evil.invalid/funding.tgz"}'
    other = world.change({name: line}, {name: line + package})
    assert (Kind.LICENCE, "The lock file takes packages from another host: evil.invalid") in reported(other)


SETUP_CFG = "[options]\ninstall_requires =\n    alembic>=1.13  # see #728\n    flask\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# see #728", "# see #729 (not before 2.0)"),
        ("flask", "# because of the pages\n    flask"),
        ("flask", "flask # pinned elsewhere"),
    ],
)
def test_comments_in_setup_cfg_are_no_dependencies(world, old, new):
    assert reported(world.change({"setup.cfg": SETUP_CFG}, {"setup.cfg": SETUP_CFG.replace(old, new)})) == []


METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{licence}\n"


@pytest.mark.parametrize(
    ("version", "licence", "kind", "shown"),
    [
        ("3.2", "License: MIT", Kind.DEPENDENCY, "v3.2 (MIT)"),
        ("3.2", "License-Expression: GPL-3.0-only", Kind.LICENCE, "v3.2 (GPL-3.0-only)"),
        ("2.9", "License: MIT", Kind.LICENCE, ">=3 (unknown licence)"),
        ("3.2", "Summary: none", Kind.LICENCE, "v3.2 (unknown licence)"),
    ],
)
def test_the_environment_of_the_tree_knows_licences(world, version, licence, kind, shown):
    folder = world.root / f".venv/lib/python3.12/site-packages/flask_carts-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(METADATA.format(name="flask-carts", version=version, licence=licence))
    world.write({".gitignore": ".venv\n"})
    after = BEFORE.replace('"alembic>=1.13"', '"alembic>=1.13", "Flask_Carts>=3"')
    tree = TreeSpec(setup=(("uv", "sync"),))
    change = world.change({"pyproject.toml": BEFORE}, {"pyproject.toml": after}, tree=tree)
    assert reported(change) == [(kind, f"New dependency: flask-carts {shown}")]


def test_without_a_setup_no_tree_is_asked(world):
    after = BEFORE.replace('"alembic>=1.13"', '"alembic>=1.13", "flask-carts>=3"')
    change = world.change({"pyproject.toml": BEFORE}, {"pyproject.toml": after})
    assert reported(change) == [(Kind.LICENCE, "New dependency: flask-carts >=3 (unknown licence)")]
