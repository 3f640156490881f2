"""The picture in the README shows what a run prints today."""

from support.picture import PICTURE, draw, read, select


def test_the_picture_shows_the_demo(founding_example):
    _, played = founding_example
    shown = read(PICTURE.read_text(encoding="utf-8"))
    assert shown == select(played.out), "run `python -m tests.docs`"


def test_what_is_drawn_can_be_read():
    lines = ["$ run-milestone demo", "🛑 Breaking schema: DROP COLUMN", "1. `html` imported — src/a.py#L3"]
    assert read(draw(lines)) == lines
