"""Shell completion: a script per shell, made from the commands and options that the program has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Options = Mapping[str, tuple[str, ...]]
"""The words that can follow each command."""

_PLANS = "ls -1 plans 2>/dev/null | grep -xE 'm[0-9.]+'"
"""Only what is plainly an id: shells expand the words that they are given to complete."""

_RUN = "run|[mM][0-9]*|[0-9]*"
"""What a run's options can follow: the command, or a milestone in its place."""


def completion(shell: str, options: Options) -> str:
    """Return the script that makes `shell` complete commands, their options, and the milestones below plans/."""
    return SHELLS[shell](options)


def _case(name: str) -> str:
    return _RUN if name == "run" else name


def _seen(name: str) -> str:
    plans = f" ({_PLANS})" if name == "run" else ""
    return f"__fish_seen_subcommand_from {name}{plans}"


def _bash(options: Options) -> str:
    cases = "".join(f'    {_case(name)}) words="{" ".join(words)}" ;;\n' for name, words in options.items())
    return f"""\
# eval "$(run-milestone completion bash)"
_run_milestone() {{
  local words
  case "${{COMP_WORDS[1]}}" in
{cases}  esac
  [ "$COMP_CWORD" -eq 1 ] && words="{" ".join(options)}"
  mapfile -t COMPREPLY < <(compgen -W "$words $({_PLANS})" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _run_milestone run-milestone
"""


def _zsh(options: Options) -> str:
    cases = "".join(f"    {_case(name)}) words=({' '.join(words)}) ;;\n" for name, words in options.items())
    return f"""\
# eval "$(run-milestone completion zsh)"
_run_milestone() {{
  local -a words plans
  local command="${{words[2]}}" first=$CURRENT
  words=()
  case "$command" in
{cases}  esac
  (( first == 2 )) && words=({" ".join(options)})
  plans=(${{(f)"$({_PLANS})"}})
  compadd -- $words $plans
}}
compdef _run_milestone run-milestone
"""


def _fish(options: Options) -> str:
    lines = [
        "# run-milestone completion fish | source",
        "complete -c run-milestone -f",
        f'complete -c run-milestone -a "({_PLANS})"',
        f"complete -c run-milestone -n __fish_use_subcommand -a '{' '.join(options)}'",
    ]
    lines += [
        f"complete -c run-milestone -n \"{_seen(name)}\" -a '{' '.join(words)}'"
        for name, words in options.items()
        if words
    ]
    return "\n".join(lines) + "\n"


SHELLS: dict[str, Callable[[Options], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
