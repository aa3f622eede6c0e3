"""Turn the elements of a body into a tree of blocks: paragraphs, headings, lists, quotes, tables and code.

Work grows with the size of the body, whatever its shape: nesting and the empty cells of spans are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from helpscraper.html.base import BLOCKS
from helpscraper.html.inline import BREAK, MARKS, Mark, Piece, code_text, tidy
from helpscraper.html.media import embedded, link_target, mail_address, picture
from helpscraper.html.tables import EMPTY, Block, Spans, prune, whole_number

__all__ = ["EMBEDDED", "MEANT", "PLAIN", "BlockBuilder"]

PLAIN = frozenset(("p", "div", "section", "figure", "tbody", "thead"))
"""Blocks whose only effect is to begin and end a line."""

EMBEDDED = frozenset(("iframe", "video", "audio", "embed", "object"))
"""Elements that show a file from another address. Their content is a fallback."""

_MATH = {"mfrac": ("/",), "msup": ("sup",), "msub": ("sub",), "msubsup": ("sub", "sup")}
# Elements that may be raised, lowered, or be the denominator of a fraction.
_TERMS = frozenset(("mi", "mn", "mo", "mrow", "mstyle", "mtext", *_MATH))

MEANT = (_TERMS | BLOCKS | MARKS.keys() | EMBEDDED | {"a", "br", "img", "button", "q", "rp", "rt"}) - PLAIN
"""Elements that ``start`` and ``end`` handle; of all others, only the content is read."""

_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_LISTS = {"ul": "ul", "menu": "ul", "dir": "ul", "ol": "ol"}
_AROUND = {"q": ("“", "”"), "rt": ("(", ")")}
# A button that holds one of these wraps content; its other text is a label.
_CONTENT = _HEADINGS | _LISTS.keys() | {"p", "li", "table", "pre", "blockquote", "figcaption"}
# Twenty nested lists. Deeper items are written at this depth, or indentation would grow with depth times size.
_MAX_DEPTH = 40


@dataclass(slots=True)
class _Open:
    """A block that is being filled. ``node`` is its element, ``home`` the block that holds it."""

    block: Block
    node: etree._Element | None
    home: Block
    number: int = 1
    step: int = 1
    counter: str = "1"
    spans: Spans = field(default_factory=Spans)


class BlockBuilder:
    """Receives the elements in document order; ``done`` returns the tree."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._body = Block("body")
        self._open = [_Open(self._body, None, self._body)]
        self._pieces: list[Piece] = []
        # Pictures within code are written after it.
        self._aside: list[Piece] = []
        self._marks: tuple[Mark, ...] = ()
        # Open elements that changed the marks or the visibility, each with the call that undoes the change.
        self._undo: list[tuple[etree._Element, Callable[[], None]]] = []
        self._shown = True
        self._visible = True
        self._heading = ""
        self._pre = 0

    def done(self) -> Block:
        """Return the body without its empty blocks."""
        self.part()
        prune(self._body)
        return self._body

    def data(self, text: str) -> None:
        """Add text of the page."""
        # A block does not begin with white space, and half of all pieces are line ends between two blocks.
        if self._shown and self._visible and (self._pieces or self._pre or not text.isspace()):
            self._pieces.append((text, self._marks, None))

    def part(self) -> None:
        """End the current line, because a block begins or ends."""
        if not self._pieces:
            return
        if self._pre:
            if not self._pieces[-1][0].endswith("\n"):
                self._pieces.append(("\n", (), None))
        elif pieces := tidy(self._pieces):
            self._place(Block(self._heading or "p", pieces=pieces))
            self._pieces = []
        else:
            self._pieces = []

    def _place(self, block: Block) -> None:
        """Put a block into the open block.

        A block directly in a list or a table goes into the last item or cell; before the first of them, it goes in
        front of the list or the table.
        """
        around = self._open[-1]
        if around.block.kind in ("ul", "ol"):
            if around.block.blocks:
                around.block.blocks[-1].blocks.append(block)
            elif block.kind in ("ul", "ol"):
                around.block.blocks.append(Block("li", [block], number=None))
            else:
                _put_before(around, block)
        elif around.block.kind == "table":
            row = around.block.blocks[-1].blocks if around.block.blocks else []
            if not row:
                _put_before(around, block)
                return
            if row[-1] is EMPTY:
                row[-1] = Block("td")
            row[-1].blocks.append(block)
        else:
            around.block.blocks.append(block)

    def _enter(self, block: Block, node: etree._Element, place: bool = True) -> _Open | None:
        """Open ``block`` for the following blocks; None (nothing opened) where nesting is too deep or within code."""
        if len(self._open) > _MAX_DEPTH or self._pre:
            return None
        around = self._open[-1]
        home = around.block
        if place:
            if home.kind in ("ul", "ol", "table"):
                # A list or a table directly in another: ``_place`` chooses the block that holds it.
                self._place(block)
                home = _holder(around, block)
            else:
                home.blocks.append(block)
        self._open.append(_Open(block, node, home))
        return self._open[-1]

    def start(self, tag: str, node: etree._Element) -> bool:
        """Begin an element; return False to skip its content."""
        if tag == "br":
            self._line_break()
        elif tag == "img":
            self._made(picture(node, self._base))
        elif tag in EMBEDDED:
            self._made(embedded(node, self._base))
            # An ``object`` without an address shows its content. The parser does not end an ``embed``, so the
            # following elements become its children.
            return tag == "embed" or (tag == "object" and node.get("data") is None)
        elif tag in _AROUND:
            if not self._shown and tag == "rt":
                # The parser puts the reading into an ``rp`` without an end tag.
                self._show(node, True)
            self.data(_AROUND[tag][0])
        elif tag == "rp":
            self._show(node, False)
        elif tag == "button":
            self._show(node, bool(self._heading))
        elif tag == "a" or tag in MARKS:
            self._mark(tag, node)
        elif tag in _TERMS:
            self._term(node)
        else:
            self.block(tag, node)
            self._start_block(tag, node)
        return True

    def block(self, tag: str, node: etree._Element) -> None:
        """Begin a block on a new line. Within a control, a block that holds content is shown."""
        self.part()
        if not self._shown and tag in _CONTENT:
            self._show(node, True)

    def mail(self, node: etree._Element) -> bool:
        """Add the scrambled mail address of an element; False when it holds none."""
        address = mail_address(node.get("data-cfemail"))
        if address is not None:
            self.data(address)
        return address is not None

    def _line_break(self) -> None:
        if self._shown and self._visible:
            self._pieces.append(("\n", (), None) if self._pre else ("", (), BREAK))

    def _made(self, markdown: str | None) -> None:
        """Add Markdown without text, such as a picture; only its link is kept of its marks."""
        if markdown is not None and self._visible:
            links = tuple(mark for mark in self._marks if mark.kind == "a" and markdown[0] == "!")
            (self._aside if self._pre else self._pieces).append(("", links, markdown))

    def _mark(self, tag: str, node: etree._Element) -> None:
        """Open a mark or a link. A kind that is open already is not opened again."""
        if tag == "a":
            href = link_target(node, self._base)
            mark = Mark("a", href) if href else None
        else:
            mark = MARKS[tag]
        before = self._marks
        if mark is None or any(each.kind == mark.kind for each in before):
            return
        self._marks = (*before, mark)
        self._undo.append((node, lambda: setattr(self, "_marks", before)))

    def _term(self, node: etree._Element) -> None:
        """Open a term of a formula: 10⁶ is not 106, nor 1/2 12."""
        around, before = node.getparent(), node.getprevious()
        if around is None or before is None or around.tag not in _MATH:
            return
        places = _MATH[str(around.tag)]
        place = places[-1] if before.getprevious() is not None else places[0]
        if place == "/":
            self.data(place)
        else:
            self._mark(place, node)

    def see(self, node: etree._Element, visible: bool | None) -> None:
        """Set the visibility until the element ends; None changes nothing."""
        before = self._visible
        if visible is not None and visible is not before:
            self._visible = visible
            self._undo.append((node, lambda: setattr(self, "_visible", before)))

    def _show(self, node: etree._Element, shown: bool) -> None:
        before = self._shown
        self._shown = shown
        self._undo.append((node, lambda: setattr(self, "_shown", before)))

    def _start_block(self, tag: str, node: etree._Element) -> None:
        if tag in _HEADINGS:
            self._heading = tag
        elif tag == "pre":
            self._pre += 1
        elif tag in _LISTS:
            if opened := self._enter(Block(_LISTS[tag]), node):
                _number(opened, node)
        elif tag == "li":
            self._start_item(node)
        elif tag == "blockquote":
            self._enter(Block("blockquote"), node)
        elif tag == "table":
            self._enter(Block("table"), node)
        elif tag == "hr" and not self._pre:
            self._place(Block("hr"))
        elif tag in ("tr", "td", "th") and self._open[-1].block.kind == "table":
            table, spans = self._open[-1].block, self._open[-1].spans
            if tag == "tr":
                table.blocks.append(Block("tr"))
                spans.begin_row(node)
            elif table.blocks:
                row = table.blocks[-1].blocks
                spans.begin_cell(node, row, len(table.blocks) - 1)
                self._enter(row[-1], node, place=False)

    def _start_item(self, node: etree._Element) -> None:
        if self._open[-1].block.kind not in ("ul", "ol"):
            self._enter(Block("li"), node)
            return
        around = self._open[-1]
        stated = (
            whole_number(node.get("value"), around.number) if around.block.kind == "ol" else around.number
        )
        item = Block("li", number=stated, counter=_counter(node, around.counter))
        if self._enter(item, node, place=False):
            around.block.blocks.append(item)
            around.number = stated + around.step

    def end(self, tag: str, node: etree._Element) -> None:
        """End an element."""
        if tag in _AROUND:
            self.data(_AROUND[tag][1])
        elif tag in BLOCKS and tag != "br":
            self._end_block(tag, node)
        self.close(node)

    def close(self, node: etree._Element) -> None:
        """Undo the element's changes to the marks and the visibility."""
        while self._undo and self._undo[-1][0] is node:
            self._undo.pop()[1]()

    def _end_block(self, tag: str, node: etree._Element) -> None:
        self.part()
        if tag in _HEADINGS:
            self._heading = ""
        elif tag == "pre":
            self._pre -= 1
            if not self._pre:
                self._end_code()
        elif tag == "tr" and self._open[-1].block.kind == "table":
            rows = self._open[-1].block.blocks
            if rows and rows[-1].blocks:
                self._open[-1].spans.pass_covered(rows[-1].blocks, len(rows) - 1)
        elif len(self._open) > 1 and self._open[-1].node is node:
            self._open.pop()
            if tag in ("td", "th"):
                self._open[-1].spans.end_cell(node, self._open[-1].block.blocks[-1].blocks)

    def _end_code(self) -> None:
        if code := code_text(self._pieces):
            self._place(Block("pre", pieces=[(code, (), None)]))
        if self._aside:
            self._place(Block("p", pieces=tidy(self._aside)))
        self._pieces, self._aside = [], []


def _put_before(around: _Open, block: Block) -> None:
    blocks = around.home.blocks
    place = len(blocks) - 1
    while blocks[place] is not around.block:
        place -= 1
    blocks.insert(place, block)


def _holder(around: _Open, block: Block) -> Block:
    """Return the block that ``_place`` put ``block`` into, directly in a list or a table."""
    if around.block.kind == "table":
        row = around.block.blocks[-1].blocks if around.block.blocks else []
        return row[-1] if row else around.home
    items = around.block.blocks
    return items[-1] if items else around.home


def _number(opened: _Open, node: etree._Element) -> None:
    """Read how an ``ol`` counts."""
    opened.counter = _counter(node, "1")
    first = 1
    if node.get("reversed") is not None:
        opened.step = -1
        first = sum(1 for _ in node.iterchildren("li"))
    opened.number = whole_number(node.get("start"), first)


def _counter(node: etree._Element, default: str) -> str:
    stated = node.get("type")
    return stated if stated in ("1", "a", "A", "i", "I") else default
