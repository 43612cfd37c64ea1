"""Markdown of cards to HTML that is safe to show: the text may come from anybody."""

from functools import lru_cache, partial
from urllib.parse import urljoin

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
BRIEF = 150
_READER = MarkdownIt("js-default")


def render(text: str, *, beside: str = "") -> Markup:
    """Return Markdown as HTML. Raw HTML stays text; pictures and odd addresses are dropped.

    `beside` is the address, with a slash at its end, that relative links begin at.

    >>> render("a <b>*bold*</b> [claim](javascript:alert(1))")
    Markup('<p>a &lt;b&gt;<em>bold</em>&lt;/b&gt; [claim](javascript:alert(1))</p>\\n')
    """
    clean = nh3.clean(
        _READER.render(text),
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        attribute_filter=partial(_attribute, beside) if beside else None,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(clean)


def _attribute(beside: str, tag: str, name: str, value: str) -> str:
    return _placed(value, beside) if name == "href" else value


def _placed(address: str, beside: str) -> str:
    """Return an address of a link, put under `beside` where it is relative.

    >>> _placed("./LICENSE", "/team/m/blob/main/"), _placed("https://e.example", "/team/m/")
    ('/team/m/blob/main/LICENSE', 'https://e.example')
    """
    if not address or address.startswith(("/", "#", "?")) or ":" in address.partition("/")[0]:
        return address
    return urljoin(beside, address)


@lru_cache(maxsize=8192)
def brief(text: str) -> str:
    """Return the beginning of a Markdown text as plain words, for a line of a list.

    >>> brief("Some *words* and [a link](https://e.example).")
    'Some words and a link.'
    """
    words = render(text).striptags()
    if len(words) <= BRIEF:
        return words
    return words[:BRIEF].rsplit(" ", 1)[0] + "…"
