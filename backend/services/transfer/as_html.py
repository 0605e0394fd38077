"""A transcript as one web page that stands alone: no script, nothing fetched, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from backend.services.transfer.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
    blocks,
)
from backend.services.transfer.transcript import QUOTED, UNPROVED, Cited, Entry, Shown, Transcript

# The policy is the second wall behind the escaping: even a tag that got through could run and fetch nothing.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1a1e1c; --soft: #5c645f; --line: #e3e5e1; --tint: #f3f4f2; --page: #fdfdfc;
  --accent: #1a5c48; --fault: #a4361f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9e7; --soft: #9aa39e; --line: #343937; --tint: #222624;
  --page: #191c1b; --accent: #7fc4ab; --fault: #ec8a72; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 3rem 1.5rem 5rem; background: var(--page); color: var(--ink);
  font: 16px/1.6 Inter, "Segoe UI", system-ui, -apple-system, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word; }
header { margin-bottom: 2.5rem; padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; letter-spacing: -0.015em; }
header p { margin: .4rem 0 0; color: var(--soft); }
article { margin: 0 0 2rem; }
.speaker { margin: 0 0 .4rem; color: var(--soft); font-size: .8125rem; font-weight: 600; }
.question .said { padding: .8rem 1.1rem; border-radius: 10px; background: var(--tint); white-space: pre-wrap; }
.pictures { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: .6rem; }
.pictures img { max-width: 100%; max-height: 32rem; border: 1px solid var(--line); border-radius: 8px; }
.state { margin: .6rem 0 0; color: var(--fault); font-size: .875rem; }
.said > :first-child { margin-top: 0; }
.said > :last-child { margin-bottom: 0; }
h3, h4, h5, h6 { margin: 1.6em 0 .5em; line-height: 1.3; }
p, ul, ol, blockquote, pre, table { margin: 0 0 .9em; }
ul, ol { padding-inline-start: 1.6em; }
li > p { margin-bottom: .3em; }
blockquote { margin-inline: 0; padding-inline-start: 1em; border-inline-start: 3px solid var(--line);
  color: var(--soft); }
code, pre { font: .875em/1.5 "JetBrains Mono", ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { padding: .1em .3em; border-radius: 4px; background: var(--tint); }
pre { padding: .9em 1.1em; border: 1px solid var(--line); border-radius: 8px; background: var(--tint);
  overflow-x: auto; }
pre code { padding: 0; background: none; font-size: 1em; }
.table { margin-bottom: .9em; overflow-x: auto; }
table { margin: 0; border-collapse: collapse; font-size: .9375em; }
th, td { padding: .35em .8em; border: 1px solid var(--line); text-align: start; vertical-align: top; }
th { background: var(--tint); }
.left { text-align: left; } .center { text-align: center; } .right { text-align: right; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.6em 0; }
a { color: var(--accent); }
.sources { margin-top: 1rem; padding-top: .7rem; border-top: 1px solid var(--line); font-size: .875rem; }
.sources h3 { margin: 0 0 .4rem; font-size: .8125rem; color: var(--soft); }
.sources ol { margin: 0; padding: 0; list-style: none; }
.sources li { margin-bottom: .7rem; padding-inline-start: 2.2em; text-indent: -2.2em; }
.sources li > * { text-indent: 0; }
.sources q { display: block; margin-top: .15rem; padding-inline-start: 0; color: var(--soft); quotes: none;
  white-space: pre-wrap; }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --tint: #f3f3f3; --page: #fff; --accent: #000; --fault: #000;
    color-scheme: light; }
  @page { margin: 2cm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h1, h3, h4, .speaker { break-after: avoid; }
  pre, blockquote, tr, .sources li { break-inside: avoid; }
  pre { white-space: pre-wrap; overflow: visible; }
  .question .said { border: 1px solid var(--line); }
  a[href^="http"]::after { content: " (" attr(href) ")"; font-size: .85em; color: var(--soft); }
}
"""


def render(transcript: Transcript) -> bytes:
    title = escape(transcript.title)
    body = "".join(_entry(entry) for entry in transcript.entries)
    return page(
        title, f'<header><h1 dir="auto">{title}</h1><p>{escape(transcript.date)}</p></header>\n<main>{body}</main>'
    )


def page(title: str, body: str) -> bytes:
    """A whole page; `title` and `body` are HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _entry(entry: Entry) -> str:
    kind = "question" if entry.is_question else "answer"
    said = escape(entry.content) if entry.is_question else _blocks(blocks(entry.content))
    pictures = _pictures(entry.pictures)
    state = f'<p class="state">{escape(entry.state)}</p>' if entry.state else ""
    return (
        f'\n<article class="{kind}"><h2 class="speaker">{escape(entry.speaker)}</h2>'
        f'{_quotes(entry.quotes)}<div class="said" dir="auto">{said}</div>{pictures}{state}'
        f"{_unproved(entry.unproved)}{_sources(entry.sources)}</article>"
    )


def _quotes(quotes: Sequence[str]) -> str:
    if not quotes:
        return ""
    rows = "".join(f'<blockquote dir="auto">{escape(quote)}</blockquote>' for quote in quotes)
    return f'<section class="sources"><h3>{QUOTED}</h3>{rows}</section>'


def _unproved(reasons: Sequence[str]) -> str:
    if not reasons:
        return ""
    rows = "".join(f'<li dir="auto">{escape(reason)}</li>' for reason in reasons)
    return f'<section class="sources"><h3>{UNPROVED}</h3><ol>{rows}</ol></section>'


def _pictures(pictures: Sequence[Shown]) -> str:
    if not pictures:
        return ""
    images = "".join(f'<img src="{escape(picture.uri)}" alt="{escape(picture.name)}">' for picture in pictures)
    return f'<div class="pictures">{images}</div>'


def _sources(sources: Sequence[Cited]) -> str:
    if not sources:
        return ""
    rows = "".join(
        f'<li>[{source.number}] <b>{escape(source.place)}</b><q dir="auto">{escape(source.words)}</q></li>'
        for source in sources
    )
    return f'<section class="sources"><h3>Sources</h3><ol>{rows}</ol></section>'


def _blocks(parts: Sequence[Block]) -> str:
    return "".join(_block(part) for part in parts)


def _block(part: Block) -> str:  # noqa: PLR0911 - one kind of block each
    match part:
        case Paragraph(runs):
            return f"<p>{_runs(runs)}</p>"
        case Heading(level, runs):
            # The page has the title as its h1 and the speakers as h2.
            tag = f"h{min(level + 2, 6)}"
            return f"<{tag}>{_runs(runs)}</{tag}>"
        case Code(text, _):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Listing(start, items):
            tag, first = ("ul", "") if start is None else ("ol", "" if start == 1 else f' start="{start}"')
            return f"<{tag}{first}>{''.join(f'<li>{_item(item)}</li>' for item in items)}</{tag}>"
        case Quote(inner):
            return f"<blockquote>{_blocks(inner)}</blockquote>"
        case Table(align, rows):
            head, *rest = ("".join(_cells(row, align, "th" if at == 0 else "td")) for at, row in enumerate(rows))
            lines = "".join(f"<tr>{row}</tr>" for row in rest)
            return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
        case Rule():
            return "<hr>"


def _item(item: Sequence[Block]) -> str:
    """An item of one paragraph stands without one, as a tight list does."""
    first, *rest = item or [Paragraph([])]
    if isinstance(first, Paragraph) and not any(isinstance(part, Paragraph) for part in rest):
        return _runs(first.runs) + _blocks(rest)
    return _blocks(item)


def _cells(row: Sequence[Sequence[Run]], align: Sequence[str], tag: str) -> list[str]:
    return [
        f'<{tag}{f""" class="{side}" """.rstrip() if side in ("left", "center", "right") else ""}>{_runs(cell)}</{tag}>'
        for cell, side in zip(row, align, strict=True)
    ]


def _runs(runs: Sequence[Run]) -> str:
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    text = escape(run.text).replace("\n", "<br>")
    for wanted, tag in ((run.code, "code"), (run.struck, "s"), (run.italic, "em"), (run.bold, "strong")):
        if wanted:
            text = f"<{tag}>{text}</{tag}>"
    return f'<a href="{escape(run.href)}" rel="noreferrer">{text}</a>' if run.href else text
