"""All checks together: none can fail unnoticed, third parties join by entry point, and the order is fixed."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

from run_milestone.checks import inspect
from run_milestone.core.errors import Interrupted
from run_milestone.model import Finding, Kind, Severity

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "findings.schema.json").read_text("utf-8"))


@pytest.fixture
def plugin(tmp_path_factory, monkeypatch):
    """Install a distribution that brings checks."""

    def install(source, *names):
        site = tmp_path_factory.mktemp("site")
        (site / "house_rules.py").write_text(source)
        info = site / "house_rules-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-rules\nVersion: 1.0\n")
        lines = "\n".join(f"{name} = house_rules:{name}" for name in names)
        (info / "entry_points.txt").write_text(f"[run_milestone.checks]\n{lines}\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, "house_rules", raising=False)

    return install


def test_an_ordinary_change_is_nothing_to_anyone(world):
    after = {"src/a.py": "x = 1\n", "tests/test_a.py": "def test_a():\n    assert 1 + 1 == 2\n"}
    assert inspect(world.change({"README.md": "x\n"}, after)) == ()


def test_findings_come_in_one_order_every_time(world):
    after = {
        "src/b.py": "u = 'postgres://app:" + "s3cr3t-word" + "@db.internal/x'\n",
        "requirements.txt": "httpx==0.25.0\n",
        ".github/workflows/x.yml": "x\n",
    }
    change = world.change({}, after)
    assert [finding.kind for finding in inspect(change)] == [
        Kind.SECRET,
        Kind.TAMPERING,
        Kind.DEPENDENCY,
        Kind.PROTECTED,
    ]
    assert inspect(change) == inspect(change)


def test_an_installed_check_joins_in_by_name(world, plugin):
    plugin(
        "from run_milestone.model import Finding, Kind, Severity\n"
        "def upper(change):\n"
        "    for file in change.files:\n"
        "        yield Finding(Kind.SCOPE, Severity.CRITICAL, 'upper', 'No capitals', file.path)\n",
        "upper",
    )
    findings = inspect(world.change({}, {"A.py": "x = 1\n"}))
    assert findings == (Finding(Kind.SCOPE, Severity.CRITICAL, "upper", "No capitals", "A.py"),)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def broken(change):\n    raise RuntimeError('first\\nsecond')\n", "(RuntimeError: first)"),
        (
            "def broken(change):\n    yield {'severity': 'info'}\n",
            "(TypeError: it yields something that is not a Finding)",
        ),
        ("def other(change):\n    return ()\n", "(AttributeError: "),
        ("import no_such_module\n", "(ModuleNotFoundError: No module named 'no_such_module')"),
    ],
)
def test_a_check_that_fails_is_a_finding(world, plugin, source, message):
    plugin(source, "broken")
    (finding,) = inspect(world.change({}, {"a.py": "x = 1\n"}))
    assert (finding.kind, finding.severity, finding.rule) == (Kind.TOOL, Severity.WARNING, "broken")
    assert finding.message.startswith("The check `broken` failed ")
    assert message in finding.message
    assert "\n" not in finding.message


def test_a_stopped_run_ends_its_checks(world):
    def stopped(*_):
        raise Interrupted("The run was stopped.", "Run the same command again.")

    change = replace(
        world.change({}, {"alembic/versions/001.py": "revision = '1'\n"}), tools=SimpleNamespace(run=stopped)
    )
    with pytest.raises(Interrupted):
        inspect(change)


@pytest.mark.parametrize(
    ("module", "path", "text", "extra"),
    [
        ("alembic", "alembic/versions/001.py", "revision = '001'\ndown_revision = None\n", "migrations"),
        ("sqlglot", "alembic/versions/001.py", "revision = '001'\ndown_revision = None\n", "migrations"),
        ("license_expression", "requirements.txt", "httpx\n", "licences"),
        ("poetry", "requirements.txt", "httpx\n", "licences"),
    ],
)
def test_a_missing_tool_is_a_finding(world, monkeypatch, module, path, text, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(module, finder) for finder in sys.meta_path])
    findings = [finding for finding in inspect(world.change({}, {path: text})) if finding.kind is Kind.TOOL]
    assert [finding.message.rpartition(": ")[2] for finding in findings] == [f"pip install 'run-milestone[{extra}]'"]
    assert module.replace("_", "-") in findings[0].message


class _Without:
    """One of Python's finders, which does not find one package."""

    def __init__(self, module, finder):
        self.module, self.finder = module, finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.module:
            return None
        return self.finder.find_spec(name, path, target)


def test_the_schema_takes_findings_of_any_check():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    finding = {"severity": "warning", "rule": "no-eval", "message": "eval is used", "path": "src/a.js", "line": 3}
    jsonschema.validate({"findings": [finding, {**finding, "kind": "scope", "line": None, "detail": None}]}, SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": "fatal"},
        {"kind": "phase"},
        {"line": 0},
        {"path": "/etc/passwd"},
        {"path": "../outside"},
        {"rule": ""},
        {"colour": "red"},
    ],
)
def test_the_schema_refuses_what_no_finding_can_hold(wrong):
    finding = {"severity": "warning", "rule": "no-eval", "message": "eval is used", **wrong}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"findings": [finding]}, SCHEMA)


def test_schema_and_model_share_severities_and_kinds():
    finding = SCHEMA["$defs"]["finding"]["properties"]
    assert finding["severity"]["enum"] == [severity.value for severity in Severity]
    assert set(finding["kind"]["enum"]) <= {kind.value for kind in Kind}
    assert set(finding) == set(Finding.__dataclass_fields__)
