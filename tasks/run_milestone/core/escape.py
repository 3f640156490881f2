"""Make text from elsewhere harmless where it is shown."""

from __future__ import annotations

import re

_ACTING = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1, ESC and CSI among them
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # bidi, unseen, tags
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f"  # other format characters
    "\ud800-\udfff]"  # halves of characters, which no stream can print
)


_WORKFLOW = r"(?m)^([^\S\n]*)::|#(#\w{0,32}\[)"


def visible(text: str) -> str:
    r"""Return `text` with what could act on a terminal or a CI log written out (`\x1b`, `\u202e`, `\::error::`)."""
    text = re.sub(_ACTING, _written_out, re.sub(r"\r+\n", "\n", text))
    return re.sub(_WORKFLOW, lambda match: f"#\\{match[2]}" if match[2] else f"{match[1]}\\::", text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_MARKUP = r"""(?xmia)
      (?P<code> (?<! [`\\] ) ` [^`|\n]+ ` (?! ` ) )   # a table would cut a span at its |
    | (?P<tick> ` )
    | (?P<fence> (?<! [\\~] ) ~{3,} )
    | (?P<image> ! (?= \[ ) )
    | (?P<tag> < )
    | (?P<entity> & (?! (?: amp | lt ) ; ) (?= \#? \w{1,32} ; ) )
    | (?<! \\ ) \\* (?P<acts>
        (?: (?<! \w ) @ [a-z0-9] [\w-]* (?: [./] [\w-]+ )*               # a mention
          | (?: (?<! [\w./-] ) [\w./-]{1,140} )? \# \d+ | \b GH- \d+     # a reference, that `Closes` would close
          | https?:// [^\s<>`|]{1,200} / (?: issues | pull | discussions ) / \d+
          | ^ / [\w-]+ (?! [\w/-] )                                      # a bot's command
        ) (?: [^\s`|<@\#]{0,99} [@\#] [\w-]+ )*                          # and what comes to act once this is wrapped
      )
    """


def inert_markdown(text: str) -> str:
    """Return `text` for a PR or a comment: mentions, references and commands become code spans, HTML becomes text.

    Only the reference of `Closes #7` is wrapped: so it does not act in a squashed commit's message either.
    """
    return re.sub(_MARKUP, _unmarked, visible(text)).replace("``", "` `")


def inert_line(text: str) -> str:
    """Return `text` for a title or a commit's subject, which are no Markdown: what mentions or refers is quoted."""
    return re.sub(_MARKUP, lambda match: f"`{match['acts']}`" if match["acts"] else match[0], visible(text))


def _unmarked(match: re.Match[str]) -> str:
    if match["acts"]:
        return f"`{match['acts']}`"
    if match["code"]:
        return match["code"].replace("<!--", "&lt;!--")
    if match["fence"]:
        return "\\" + match["fence"]
    return {"`": "'", "!": "!\\", "<": "&lt;", "&": "&amp;"}[match[0]]
