"""What a new test file can do to other tests, and whether a test checks anything."""

import pytest

from run_milestone.checks.test_modules import asserts, reaches_others

TEST = "def test_a(monkeypatch):\n    {}\n"
QUIET = [
    "import shop\n\nCASES = [1]\n\n\n@mark.parametrize('x', CASES)\ndef test_a(x):\n    assert shop.total([x])\n",
    TEST.format("monkeypatch.setattr(shop, 'total', len)\n    monkeypatch.chdir('/')"),
    "class TestA:\n    def setup_method(self):\n        self.shop = 1\n",
]
REACHING = [
    "import shop\n\nshop.total = len\n",
    "import sys\n\nsys.modules['shop'] = None\n",
    TEST.format("shop.total = len"),
    TEST.format("setattr(shop, 'total', len)"),
    TEST.format("mock.patch('shop.total').start()"),
    TEST.format("os.environ['SHOP'] = '1'"),
    "def pytest_runtest_makereport(item):\n    pass\n",
    "def test_a(:\n",
]


@pytest.mark.parametrize("source", QUIET)
def test_what_only_tests_reaches_nobody(source):
    assert not reaches_others(source)


@pytest.mark.parametrize("source", REACHING)
def test_what_patches_for_good_reaches_others(source):
    assert reaches_others(source)


CHECKS = [
    ("assert shop.total([1]) == 1", True),
    ("with pytest.raises(ValueError):\n        shop.total(None)", True),
    ("holds(1)\n\n\ndef holds(x):\n    assert x", True),
    ("verify_total(1)", True),
    ("shop.total([1])", False),
    ("pass", False),
]


@pytest.mark.parametrize(("body", "checks"), CHECKS)
def test_a_test_that_checks_nothing_is_seen(body, checks):
    assert asserts(TEST.format(body), "test_a") is checks
