"""The pictures show what a run prints today, and what the diagram in the README says."""

import re
from xml.etree import ElementTree as ET

from support.pages import CHECKOUT, blocks
from support.picture import PICTURE, draw, read, select


def test_the_picture_shows_the_demo(founding_example):
    _, played = founding_example
    shown = read(PICTURE.read_text(encoding="utf-8"))
    assert shown == select(played.out), "run `python -m tests.docs`"


def test_what_is_drawn_can_be_read():
    lines = ["$ run-milestone demo", "🛑 Breaking schema: DROP COLUMN", "1. `html` imported — src/a.py#L3"]
    assert read(draw(lines)) == lines


def test_both_diagrams_have_the_same_words():
    (diagram,) = (block.text for block in blocks("README.md") if block.language == "mermaid")
    labels = re.findall(
        r"[\[{]\"?([^\]}\"]+)\"?[\]}]|-- (\w+) -->|-\. (\w+) \.->|\b([a-z]+)(?= -->| &|$)", diagram, re.MULTILINE
    )
    texts = ET.parse(CHECKOUT / "docs/_static/run.svg").iter("{http://www.w3.org/2000/svg}text")
    names = {"planreview", "testgate", "inspectgate", "reviewgate", "end", "pr", "phase", "merge"}
    assert {text.text for text in texts} == {word for label in labels for word in label if word} - names
