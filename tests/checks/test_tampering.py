"""Tampering: every way of making tests, linters or CI see less is told; honest work on tests is not."""

from dataclasses import replace

import pytest

from run_milestone.checks.tampering import check
from run_milestone.model import Commands, Kind, Paths, Severity

TESTS = """\
import pytest


def test_expiry(cache):
    cache.put("a", 1)
    assert cache.get("a") == 1
    with pytest.raises(KeyError):
        cache.get("b")


class TestLimits:
    def test_full(self):
        assert True is not False
        self.assertEqual(1, 1)
"""
PATH = "tests/test_cache.py"


def reported(change):
    findings = list(check(change))
    assert all((one.kind, one.severity) == (Kind.TAMPERING, Severity.CRITICAL) for one in findings)
    return [(finding.rule, finding.message) for finding in findings]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def test_expiry", "def check_expiry", ("removed-test", "Test removed: test_expiry")),
        ("class TestLimits", "class Limits", ("removed-test", "Test removed: TestLimits.test_full")),
        ("def test_expiry", "@pytest.mark.skip\ndef test_expiry", ("skipped-test", "Skip or xfail added: test_expiry")),
        (
            "def test_expiry",
            "@pytest.mark.skipif(True, reason='x')\ndef test_expiry",
            ("skipped-test", "Skip or xfail added: test_expiry"),
        ),
        (
            "def test_expiry",
            "@pytest.mark.xfail(strict=False)\ndef test_expiry",
            ("skipped-test", "Skip or xfail added: test_expiry"),
        ),
        ('    cache.put("a", 1)', "    pytest.skip('later')", ("skipped-test", "Skip or xfail added: test_expiry")),
        (
            "        assert True is",
            "        self.skipTest('x')\n        assert True is",
            ("skipped-test", "Skip or xfail added: TestLimits.test_full"),
        ),
        (
            "import pytest\n",
            "import pytest\npytestmark = pytest.mark.skip\n",
            ("skipped-test", "Skip or xfail added: outside of a test function"),
        ),
        (
            "class TestLimits:",
            "class TestLimits:\n    __test__ = False",
            ("skipped-test", "Skip or xfail added: outside of a test function"),
        ),
        (
            '    assert cache.get("a") == 1\n',
            "",
            ("fewer-assertions", "Assertions removed: test_expiry had 2, has 1"),
        ),
        (
            '    assert cache.get("a") == 1\n',
            "    assert True\n",
            ("fewer-assertions", "Assertions removed: test_expiry had 2, has 1"),
        ),
        (
            "        self.assertEqual(1, 1)\n",
            "",
            ("fewer-assertions", "Assertions removed: TestLimits.test_full had 2, has 1"),
        ),
        (
            '    cache.put("a", 1)',
            "    return",
            ("fewer-assertions", "Assertions removed: test_expiry had 2, has 0"),
        ),
        (
            '    assert cache.get("a") == 1',
            '    assert cache.get("a") == 1 or True',
            ("fewer-assertions", "Assertions removed: test_expiry had 2, has 1"),
        ),
        (
            '    assert cache.get("a") == 1',
            '    try:\n        assert cache.get("a") == 1\n    except AssertionError:\n        pass',
            ("fewer-assertions", "Assertions removed: test_expiry had 2, has 1"),
        ),
        (
            '    assert cache.get("a") == 1',
            '    if False:\n        assert cache.get("a") == 1',
            ("fewer-assertions", "Assertions removed: test_expiry had 2, has 1"),
        ),
        ("class TestLimits:", "del test_expiry\n\n\nclass TestLimits:", ("removed-test", "Test removed: test_expiry")),
        (
            "def test_expiry",
            '@getattr(pytest.mark, "sk" "ip")\ndef test_expiry',
            ("skipped-test", "Skip or xfail added: test_expiry"),
        ),
        (
            "def test_expiry(cache):",
            "def test_expiry(cache:",
            ("unreadable-tests", f"Test file no longer parses: {PATH}"),
        ),
    ],
)
def test_a_weakened_test_is_told(world, old, new, expected):
    assert TESTS.count(old) == 1
    assert reported(world.change({PATH: TESTS}, {PATH: TESTS.replace(old, new)})) == [expected]


def test_a_weaker_test_of_equal_name_is_found(world):
    again = TESTS + "\n\ndef test_expiry(cache):\n    pass\n"
    assert reported(world.change({PATH: TESTS}, {PATH: again})) == [
        ("fewer-assertions", "Assertions removed: test_expiry had 2, has 0")
    ]


TYPED = """\
class TestTyped:
    @pytest.mark.parametrize("number", [0, 1])
    def test_typed(self, number):
        cached = Cached({})
        with pytest.raises(KeyError):
            cached.get_typed(number)
        assert cached.hits == 0
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("test_typed(self", "test_typed_values(self"),
        ("    def test_typed(self", "    @pytest.mark.slow\n    def test_get_typed(self"),
        ("def test_typed(self, number):", "async def test_typed_and_more(self, number):\n        assert number < 2"),
    ],
)
def test_a_renamed_test_is_shown_and_not_asked(world, old, new):
    shown = list(check(world.change({PATH: TYPED}, {PATH: "import pytest\n\n\n" + TYPED.replace(old, new)})))
    assert [(finding.kind, finding.rule) for finding in shown] == [(Kind.PROTECTED, "renamed-test")]
    assert shown[0].message.startswith("Test renamed: TestTyped.test_typed to TestTyped.test_")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("get_typed(number)", "get_typed(number + 2)"),
        ("[0, 1]", "[0]"),
        ("        assert cached.hits == 0\n", ""),
        ("class TestTyped:", "class Typed:"),
        ("cached = Cached({})", "cached = Cached({0: 1})"),
    ],
)
def test_another_test_in_its_place_is_asked_about(world, old, new):
    other = TYPED.replace(old, new).replace("def test_typed(", "def test_other(")
    change = world.change({PATH: TYPED}, {PATH: other})
    assert [rule for rule, _ in reported(change)] in (["removed-test"], ["deleted-tests"])


@pytest.mark.parametrize(
    "skip",
    [
        "def test_wide():\n    try:\n        import wide\n    except ImportError:\n        skip()\n    assert wide\n",
        "@pytest.mark.skipif(sys.version_info < (3, 12), reason='new')\ndef test_wide():\n    assert wide()\n",
        "def test_wide():\n    wide = pytest.importorskip('wide')\n    assert wide\n",
    ],
)
def test_a_new_test_may_skip_at_times(world, skip):
    assert reported(world.change({PATH: TESTS}, {PATH: TESTS + "\n\n" + skip})) == []
    assert [
        rule for rule, _ in reported(world.change({PATH: "def test_wide():\n    assert wide()\n"}, {PATH: skip}))
    ] == ["skipped-test"]


@pytest.mark.parametrize(
    "skip",
    [
        "@pytest.mark.skip\ndef test_wide():\n    assert wide()\n",
        "@pytest.mark.skipif(True, reason='x')\ndef test_wide():\n    assert wide()\n",
        "def test_wide():\n    pytest.skip('later')\n    assert wide()\n",
    ],
)
def test_a_new_test_that_never_runs_is_told(world, skip):
    assert reported(world.change({PATH: TESTS}, {PATH: TESTS + "\n\n" + skip})) == [
        ("skipped-test", "Skip or xfail added: test_wide")
    ]


CART = """\
def test_cart():
    cart = Cart(3)
    assert cart.size == 3
    assert cart.total == 0
"""


@pytest.mark.parametrize(
    "after",
    [
        (
            "def test_cart():\n    cart = Cart(3)\n    assert cart.size == 3\n\n\n"
            "def test_total():\n    cart = Cart(3)\n    assert cart.total == 0\n"
        ),
        (
            "class TestCart:\n    def test_all(self):\n        cart = Cart(3)\n        assert cart.total == 0\n"
            "        assert cart.size == 3\n\n\ndef test_cart():\n    pass\n"
        ),
        (
            "def test_cart():\n    cart = Cart(3)\n    assert cart.total == 0\n\n\n"
            "def test_size(cart):\n    cart = Cart(3)\n    other = Cart(4)\n"
            "    assert other\n    assert cart.size == 3\n"
        ),
    ],
)
def test_assertions_may_move_into_a_new_test(world, after):
    assert reported(world.change({PATH: CART}, {PATH: after})) == []


@pytest.mark.parametrize(
    "new",
    [
        "def test_total():\n    cart = Cart(0)\n    assert cart.total == 0\n",
        "def test_total(cart):\n    assert cart.total == 0\n",
        "def test_total():\n    cart = Cart(3)\n    assert cart.total >= 0\n",
    ],
)
def test_an_assertion_about_something_else_replaces_none(world, new):
    weaker = CART.replace("    assert cart.total == 0\n", "") + "\n\n" + new
    assert reported(world.change({PATH: CART}, {PATH: weaker})) == [
        ("fewer-assertions", "Assertions removed: test_cart had 2, has 1")
    ]


def test_a_deleted_file_of_tests_is_told_once(world):
    assert reported(world.change({PATH: TESTS}, {PATH: None})) == [
        ("deleted-tests", f"Tests deleted: {PATH} held 2 tests")
    ]
    assert reported(world.change({"ui/list.spec.ts": "it()\n"}, {"ui/list.spec.ts": None})) == [
        ("deleted-tests", "Test file deleted: ui/list.spec.ts")
    ]


@pytest.mark.parametrize("name", ["tests/cache_checks.py", "attic/old.txt"])
def test_a_test_file_renamed_away_is_deleted(world, name):
    change = world.change({PATH: TESTS}, {PATH: None, name: TESTS})
    assert reported(change) == [("deleted-tests", f"Tests deleted: {PATH} held 2 tests")]


def test_tests_that_only_move_are_not_removed(world):
    moved = {PATH: None, "tests/unit/test_cache.py": TESTS + "\n\ndef test_more():\n    assert 2 + 2 == 4\n"}
    assert reported(world.change({PATH: TESTS}, moved)) == []


def test_moved_tests_without_assertions_are_removed(world):
    hollow = "def test_expiry():\n    pass\n\n\nclass TestLimits:\n    def test_full(self):\n        pass\n"
    change = world.change({PATH: TESTS}, {PATH: None, "tests/test_other.py": hollow})
    assert reported(change) == [("deleted-tests", f"Tests deleted: {PATH} held 2 tests")]


def test_new_tests_and_stronger_ones_are_welcome(world):
    stronger = TESTS.replace('    cache.put("a", 1)\n', '    cache.put("a", 1)\n    assert cache.size == 1\n')
    more = stronger + "\n\ndef test_other(cache):\n    assert not cache.get('x')\n"
    assert (
        reported(world.change({PATH: TESTS}, {PATH: more, "tests/test_new.py": TESTS, "src/a.py": "skip = 1\n"})) == []
    )


def test_an_old_skip_is_no_finding(world):
    skipped = TESTS.replace("def test_expiry", "@pytest.mark.skip\ndef test_expiry")
    assert reported(world.change({PATH: skipped}, {PATH: "import os\n" + skipped})) == []


@pytest.mark.parametrize(
    "name",
    [
        "conftest.py",
        "tests/conftest.py",
        "pytest.ini",
        "tox.ini",
        "ruff.toml",
        ".coveragerc",
        ".pre-commit-config.yaml",
        ".github/workflows/tests.yml",
    ],
)
def test_configuration_is_told_unless_the_issue_names_it(world, issue, name):
    assert reported(world.change({name: "# a\n"}, {name: "# b\n"})) == [
        ("configuration", f"Test, lint or CI configuration changed: {name}")
    ]
    wildcard = replace(issue, paths=Paths(allow=("**",)))
    assert reported(world.change({name: "# a\n"}, {name: None}, issue=wildcard)) == [
        ("configuration", f"Test, lint or CI configuration deleted: {name}")
    ]
    named = replace(issue, paths=Paths(allow=(name,)))
    assert reported(world.change({name: "# a\n"}, {name: "# b\n"}, issue=named)) == []


PYPROJECT = '[project]\nname = "users"\ndependencies = []\n\n[tool.ruff.lint]\nselect = ["S"]\n'


def test_of_pyproject_only_the_tools_tables_count(world):
    harmless = PYPROJECT.replace("[]", '["httpx"]').replace('["S"]', '[\n  "S",  # security\n]') + "[tool.uv]\nx = 1\n"
    assert reported(world.change({"pyproject.toml": PYPROJECT}, {"pyproject.toml": harmless})) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('select = ["S"]', "select = []", "Test or lint configuration changed: [tool.ruff] in pyproject.toml"),
        ("[tool.ruff.lint]", "[tool.uv.more]", "Test or lint configuration changed: [tool.ruff] in pyproject.toml"),
        (
            "[project]",
            '[tool.pytest.ini_options]\naddopts = ["--deselect=x"]\n[project]',
            "Test or lint configuration changed: [tool.pytest] in pyproject.toml",
        ),
        ("[project]", "[project", "pyproject.toml cannot be read as configuration"),
    ],
)
def test_a_changed_tool_table_is_told(world, old, new, message):
    change = world.change({"pyproject.toml": PYPROJECT}, {"pyproject.toml": PYPROJECT.replace(old, new)})
    assert reported(change) == [("configuration", message)]


def test_only_scripts_of_package_json_are_configuration(world):
    before, after = '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}, "dependencies": {"a": "1"}}'
    assert reported(world.change({"package.json": before}, {"package.json": after})) == [
        ("configuration", 'Test or lint configuration changed: "scripts" in package.json')
    ]


SCRIPTS = '{"scripts": {"test": "npm run each && npm run -s style", "each": "jest", "style": "xo", "dist": "tsc"}}'


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ('"dist": "tsc"', '"dist": "rollup", "version": "git add CHANGELOG.md", "prepack": "npm run dist"', False),
        ('"dist": "tsc"', '"dist": "tsc", "start": "node ."', False),
        ('"each": "jest"', '"each": "true"', True),
        ('"style": "xo"', '"style": "true"', True),
        ('"dist": "tsc"', '"dist": "tsc", "preeach": "rm -r tests"', True),
        ('"dist": "tsc"', '"dist": "tsc", "postinstall": "node x.js"', True),
    ],
)
def test_scripts_that_check_nothing_are_no_configuration(world, old, new, asked):
    change = world.change({"package.json": SCRIPTS}, {"package.json": SCRIPTS.replace(old, new)})
    assert [rule for rule, _ in reported(change)] == ["configuration"] * asked


def test_a_script_that_the_plan_starts_counts(world):
    commands = Commands(test=("npm", "run", "dist"))
    after = SCRIPTS.replace('"tsc"', '"true"')
    change = world.change({"package.json": SCRIPTS}, {"package.json": after}, commands=commands)
    assert [rule for rule, _ in reported(change)] == ["configuration"]


SETUP_CFG = (
    "[metadata]\nname = users\nversion = 1.0\n\n[options]\npackages = users\n\n[tool:pytest]\ntestpaths = tests\n"
)


@pytest.mark.parametrize(
    ("old", "new", "section"),
    [
        ("version = 1.0", "version = 1.1\nlicense = MIT", None),
        ("packages = users", "packages = users\n\n[options.extras_require]\nweb = flask", None),
        ("[options]", "[bdist_wheel]\nuniversal = 1\n\n[options]", None),
        ("testpaths = tests", "testpaths = tests/unit", "[tool:pytest]"),
        ("[options]", "[flake8]\nignore = E\n\n[options]", "[flake8]"),
        ("[options]", "[coverage:run]\nomit = *\n\n[options]", "[coverage:run]"),
    ],
)
def test_of_setup_cfg_only_the_tools_sections_count(world, old, new, section):
    change = world.change({"setup.cfg": SETUP_CFG}, {"setup.cfg": SETUP_CFG.replace(old, new)})
    asked = [("configuration", f"Test or lint configuration changed: {section} in setup.cfg")]
    assert reported(change) == (asked if section else [])


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("tests.py", "def test_b():\n    assert g()\n\n\ndef test_a(): f()\n", "def test_a(): f()\n", "test_b"),
        ("shop/tests.py", "def test_b():\n    assert g()\n", "x = 1\n", "shop/tests.py held 1 test"),
        ("test.js", "test('adds', () => { assert(f()); });\n", "test('other', () => {});\n", "adds"),
        ("test-cart.mjs", "it('adds', () => { assert(f()); });\n", "\n", "adds"),
        ("cart_test.go", "func TestAdd(t *testing.T) {\n}\n", "// none\n", "TestAdd"),
        ("src/CartTests.java", "@Test\nvoid adds() {\n}\n", "class CartTests {}\n", "adds"),
        ("src/lib.rs", "#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() { assert!(f()); }\n}\n", "\n", "adds"),
        ("spec/cart_spec.rb", "it 'adds' do\n  expect(f).to eq 1\nend\n", "# none\n", "adds"),
    ],
)  # fmt: skip
def test_a_removed_test_is_told_by_name(world, name, before, after, expected):
    ((rule, message), *_) = reported(world.change({name: before}, {name: after}))
    assert rule in {"removed-test", "deleted-tests"}
    assert message.endswith(expected)


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("#[test]\nfn adds() { assert!(f()); }\n", "#[test]\n#[ignore]\nfn adds() { assert!(f()); }\n", "skipped-test"),
        ("#[tokio::test]\nasync fn f() { assert!(g()); }\n", "#[tokio::test]\nasync fn f() {}\n", "fewer-assertions"),
        ("/// assert_eq!(f(), 1);\nfn f() {}\n", "/// Returns one.\nfn f() {}\n", "fewer-examples"),
    ],
)  # fmt: skip
def test_a_weakened_inline_test_is_told(world, before, after, rule):
    assert [name for name, _ in reported(world.change({"src/lib.rs": before}, {"src/lib.rs": after}))] == [rule]


def test_tests_that_move_between_files_are_not_removed(world):
    before = {"test.js": "test('adds', () => { assert(f()); });\n", "cart.test.js": "// cart\n"}
    after = {"test.js": "// moved\n", "cart.test.js": "test('adds', () => { assert(f()); });\n"}
    assert [rule for rule, _ in reported(world.change(before, after))] == ["fewer-assertions"]


def test_examples_in_docstrings_are_tests(world):
    before = 'def f():\n    """Return one.\n\n    >>> f()\n    1\n    """\n    return 1\n'
    after = 'def f():\n    """Return one."""\n    return 2\n'
    assert [rule for rule, _ in reported(world.change({"a.py": before}, {"a.py": after}))] == ["fewer-examples"]
