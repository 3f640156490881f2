"""The small repository of the documentation, and what its coding agent and its person write there."""

import os
import subprocess

from support.pages import Shell, on_path

ORDERS = '''\
"""Orders of a small shop."""


def place(lines):
    """Place an order and return it."""
    return {"lines": list(lines)}
'''
REFUSING = '''\
"""Orders of a small shop."""


def place(lines):
    """Place an order and return it; refuse one without lines."""
    if COND:
        msg = "an order needs at least one line"
        raise ValueError(msg)
    return {"lines": list(lines)}
'''
EMPTY_ORDER = """\
import pytest

from orders import place


def test_an_empty_order_is_refused():
    with pytest.raises(ValueError, match="at least one line"):
        place([])
"""
PRODUCT = {
    "README.md": "# Shop\n",
    "orders.py": ORDERS,
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "tests/test_orders.py": """\
from orders import place


def test_an_order_keeps_its_lines():
    assert place([3, 4]) == {"lines": [3, 4]}
""",
}
TOTAL = {
    "totals.py": '''\
"""What an order costs."""


def total(order):
    """Return the sum of an order's lines."""
    return sum(order["lines"])
''',
    "tests/test_totals.py": """\
from totals import total


def test_the_total_is_the_sum_of_the_lines():
    assert total({"lines": [3, 4]}) == 7
""",
}
PRICES = {
    "README.md": "# Shop\n\nPrices are shown by `prices.price`.\n",
    "prices.py": '''\
"""Prices as people read them."""


def price(cents):
    """Return an amount in cents as text."""
    return f"{cents // 100}.{cents % 100:02} €"
''',
    "tests/test_prices.py": """\
from prices import price


def test_a_price_has_two_digits():
    assert price(1205) == "12.05 €"
""",
}
STOCK = {
    "stock.py": '''\
"""What is left of each article."""


def left(stock, article):
    """Return how many of an article are left."""
    return stock.get(article, 0)
''',
    "tests/test_stock.py": """\
from stock import left


def test_an_unknown_article_is_out_of_stock():
    assert left({}, "tea") == 0
""",
}
RECEIPTS = {
    "receipts.py": '''\
"""Receipts."""


def receipt(order):
    """Return a receipt with a line for each line of the order."""
    return "".join(f"{line}\\n" for line in order["lines"])
''',
    "tests/test_receipts.py": """\
from receipts import receipt


def test_a_receipt_has_a_line_for_each_line():
    assert receipt({"lines": [3, 4]}) == "3\\n4\\n"
""",
}
PROVES_NOTHING = """\
from orders import place


def test_an_order_has_lines():
    assert place([3])["lines"] == [3]
"""
REFUSES = {"orders.py": REFUSING.replace("COND", "not lines"), "tests/test_empty_order.py": EMPTY_ORDER}
README = {"01-1": REFUSES}
"""What the agent leaves by issue and attempt in the README."""
TUTORIAL = {
    "01-1": {**REFUSES, "orders.py": REFUSING.replace("COND", "lines is None")},
    "01-2": REFUSES,
    "03-1": PRICES,
    "04-1": {"fails": "Rate limit reached: try again later\n"},
    "04-2": STOCK,
    "05-1": {**RECEIPTS, "tests/test_receipts.py": PROVES_NOTHING},
    "05-2": RECEIPTS,
}
"""What the agent leaves in the tutorial, right or wrong."""
EDITOR = """\
#!/bin/sh
for name in "$@"; do cp "$(dirname "$0")/../person/$name" "$name"; done
"""
CLAUDE = """\
#!/bin/sh
key=$(sed -n '1s/.* issue \\([0-9]*\\) of milestone .*, attempt \\([0-9]*\\)$/\\1-\\2/p')
changes=$(dirname "$0")/changes/${key:-none}
if [ -e "$changes/fails" ]; then cat "$changes/fails" >&2; exit 1; fi
[ -d "$changes" ] || { echo "there is nothing to do for ${key:-none}" >&2; exit 1; }
cp -r "$changes/." .
echo '{"total_cost_usd": 0.04, "result": "Done as asked."}'
"""


def make_shop(home, work):
    """Make the repository in `home`/shop, with a program `claude` on PATH that leaves `work`; returns a shell in it."""
    _write(home / "shop", PRODUCT)
    _write(home / "person", TOTAL)
    for name, text in {"claude": CLAUDE, "edit": EDITOR}.items():
        _write(home / "bin", {name: text})
        (home / "bin" / name).chmod(0o755)
    for key, files in work.items():
        _write(home / "bin/changes" / key, files)
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "."), ("commit", "--quiet", "--message=Start")):
        subprocess.run(["git", *words], cwd=home / "shop", check=True)
    kept = {name: os.environ[name] for name in ("HOME", "GIT_CONFIG_NOSYSTEM") if name in os.environ}
    env = {**kept, "PATH": on_path(home / "bin"), "LOGNAME": "ada", "EDITOR": "edit", "LANG": "C.UTF-8"}
    return Shell(home / "shop", env)


def _write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
