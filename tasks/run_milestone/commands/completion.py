"""Write the script by which a shell completes commands, options and the milestones below `plans/`."""

from __future__ import annotations

import argparse

_IDS = "ls -1 plans 2>/dev/null | grep -xE '[a-z][a-z0-9._-]*'"
"""Only what is plainly an id: shells expand the words that they are given to complete."""

_COMPLETE_IDS = {
    "bash": "_run_milestone_ids",
    "zsh": "_run_milestone_ids",
    "fish": f"({_IDS})",
    "preamble": {
        "bash": f'_run_milestone_ids() {{ compgen -W "$({_IDS})" -- "$1"; }}',
        "zsh": f'_run_milestone_ids() {{ compadd -- ${{(f)"$({_IDS})"}} }}',
    },
}
"""How each shell completes a milestone's id."""

_SHORT_FORM = {
    "bash": """
_run_milestone() {
  if [ "$COMP_CWORD" -le 1 ]; then
    _shtab_run_milestone
    COMPREPLY+=($(_run_milestone_ids "${COMP_WORDS[1]}"))
    return
  fi
  if [[ "${COMP_WORDS[1]}" == [mM0-9]* ]]; then
    COMP_WORDS=("${COMP_WORDS[0]}" run "${COMP_WORDS[@]:1}") COMP_CWORD=$((COMP_CWORD + 1))
  fi
  _shtab_run_milestone
}
complete -o bashdefault -F _run_milestone run-milestone
""",
    "zsh": """
_run_milestone() {
  (( CURRENT == 2 )) && _run_milestone_ids
  [[ $CURRENT -gt 2 && $words[2] == [mM0-9]* ]] && words=($words[1] run ${words[2,-1]}) && (( CURRENT++ ))
  _shtab_run_milestone "$@"
}
compdef _run_milestone run-milestone
""",
    "fish": rf"""
complete -c run-milestone -n "_shtab_run_milestone_using; and test \$_shtab_run_milestone_npos -eq 0" -a "({_IDS})"
""",
}
"""What `run-milestone m4.1` needs besides: a milestone stands where the shell expects a command."""


def completion(shell: str, parser: argparse.ArgumentParser) -> str:
    """Return the script for `shell`, made from the commands and options of `parser`."""
    import shtab

    _mark_arguments(parser, shtab.DIRECTORY)
    return str(shtab.complete(parser, shell)) + _SHORT_FORM[shell]


def _mark_arguments(parser: argparse.ArgumentParser, directory: object) -> None:
    """Say of each argument that is a milestone or a folder how it is completed."""
    how = {"ID": _COMPLETE_IDS, "DIR": directory}
    for action in parser._actions:  # noqa: SLF001
        if action.metavar in how:
            setattr(action, "complete", how[action.metavar])  # noqa: B010  # argparse does not know it, shtab reads it
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for sub in action.choices.values():
                _mark_arguments(sub, directory)
