"""A comment as a reader's browser has it: markdown by GitHub's own engine, then the elements of the HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

VOID = {"br", "hr", "img", "input", "source", "wbr"}


@dataclass
class Element:
    """`inside`: names of the elements around it, the outermost first."""

    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]


@dataclass
class Page:
    """What a page holds, in its order; `misplaced`: end tags that close what is not open, and what is never closed."""

    elements: list[Element] = field(default_factory=list)
    texts: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)

    def skeleton(self) -> list[tuple[str, ...]]:
        """The elements, but what a text may decide: whether its path can be linked, and where it may be broken."""
        return [
            (*(name for name in one.inside if name != "a"), one.name)
            for one in self.elements
            if one.name not in ("a", "wbr")
        ]

    def text(self, *, code: bool) -> str:
        """What is written in code and preformatted text, or outside of them."""
        return "".join(text for text, inside in self.texts if bool({"code", "pre"} & set(inside)) is code)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        self.page.elements.append(Element(tag, values, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open[-1:] == [tag]:
            self.open.pop()
        elif tag not in VOID:
            self.page.misplaced.append(tag)

    def handle_data(self, data):
        self.page.texts.append((data, tuple(self.open)))

    def handle_comment(self, data):
        self.page.comments.append(data)


def html(markdown: str) -> str:
    """As GitHub's engine makes it, raw HTML let through: nothing relies on what a forge filters afterwards."""
    return cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)


def read(markdown: str) -> Page:
    """The page of a comment."""
    reader = _Reader()
    reader.feed(html(markdown))
    reader.close()
    reader.page.misplaced += reader.open
    return reader.page
