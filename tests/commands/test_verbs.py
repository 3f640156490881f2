"""The verbs that people use most are commands of their own."""

import pytest


def test_a_verb_is_a_command(ada):
    assert ada.types("m1").code == 3
    result = ada.types("skip", "m1", "1", "--reason", "not before spring")
    assert (result.code, "approvals/01.skip written" in result.out) == (0, True), result.err
    assert 'Recorded: "not before spring"' in ada.types("m1").out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("approve", "m1", "01"), "does not offer approve"),
        (("continue", "m1", "phase-1"), "no gate phase-1 is open"),
        (("retry", "m1", "07"), "no gate called '07'"),
        (("fix", "m1"), "the following arguments are required: gate"),
    ],
)
def test_what_a_gate_does_not_offer_is_refused(ada, words, reason):
    ada.types("m1")
    result = ada.types(*words)
    assert (result.code, reason in result.err) == (2, True), result.err


def test_a_milestone_cannot_be_called_a_verb(ada):
    assert "cannot name a milestone" in ada.types("plan", "new", "approve").err
