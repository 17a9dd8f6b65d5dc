"""The detail of one event: Raw, Normalized, Diff, Violations; of a refusal: what was refused and what to do."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from tagway.core import body
from tagway.store.feed import Feed
from tagway.store.window import Line, Refusal
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from tagway_tui import keymap
from tagway_tui.diff import Field, fields
from tagway_tui.documents import Document, Json, Text, labeled, paragraph
from tagway_tui.marks import Row, width_of
from tagway_tui.rows import Painter
from tagway_tui.widgets.bars import Bar, spread
from tagway_tui.widgets.lines import Lines

TABS: Final = ("Raw", "Normalized", "Diff", "Violations")
_SIGNS: Final = {"same": " ", "moved": "~", "changed": "≠", "added": "+", "fault": "✗", "unused": "-"}
_LOOKS: Final = {"same": "dim", "moved": "", "changed": "warn", "added": "ok", "fault": "bad", "unused": "dim"}


class DocumentView(Lines):
    """A document: lines that fold."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("json")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.document: Document = Text([])

    def show(self, document: Document) -> None:
        """Show another document, from its start."""
        self.document = document
        self.cursor = self.top = self.left = 0
        self.redraw()

    def total(self) -> int:
        """See `Lines.total`."""
        return len(self.document)

    def cells(self, place: int, width: int) -> Row:
        """See `Lines.cells`."""
        return self.document.cells(place, width)

    def item(self) -> tuple[str, Any] | None:
        """Pointer and value under the cursor."""
        return self.document.item(self.cursor) if self.total() else None

    def find(self, text: str, back: bool) -> bool:
        """Go to the next line that holds a text, around the end; whether there is one."""
        total, wanted = self.total(), text.casefold()
        for step in range(1, total + 1):
            place = (self.cursor + (-step if back else step)) % total
            if wanted in "".join(one for one, _ in self.cells(place, self.room)).casefold():
                self.move(place)
                return True
        return False

    def action_fold(self) -> None:
        """Fold or unfold at the cursor."""
        if self.total():
            self.document.fold(self.cursor)
            self.redraw()

    def action_fold_all(self) -> None:
        """Fold everything."""
        self.document.fold_all(True)
        self.redraw()

    def action_unfold_all(self) -> None:
        """Unfold as much as there is room for."""
        self.document.fold_all(False)
        self.redraw()

    def action_choose(self) -> None:
        """Enter folds too, and opens where there is something to open."""
        self.action_fold()
        super().action_choose()


class Detail(Vertical):
    """Tabs over a document. It reads one event from the feed when it is shown, never before."""

    DEFAULT_CSS = """
    Detail { width: 1fr; height: 1fr; }
    """

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.tab = TABS[1]
        self.shown: Line | Refusal | None = None
        self._painter = painter
        self._feed: Feed | None = None

    def compose(self) -> ComposeResult:
        """Tabs above the document."""
        yield Bar(id="tabs")
        yield DocumentView(id="document")

    def on_mount(self) -> None:
        """Draw the tabs."""
        self._draw_tabs()

    def attach(self, feed: Feed) -> None:
        """Read events from a feed."""
        self._feed = feed
        self.show(self.shown)

    def turn(self, steps: int) -> None:
        """Go to another tab."""
        self.open(TABS[(TABS.index(self.tab) + steps) % len(TABS)])

    def open(self, tab: str) -> None:
        """Go to a tab by name."""
        self.tab = tab
        self.show(self.shown)

    def show(self, what: Line | Refusal | None) -> None:
        """Show an event or a refusal."""
        self.shown = what
        if self.is_mounted:
            self._draw_tabs()
            view = self.query_one(DocumentView)
            view.show(self._document(max(20, view.room)))

    def on_resize(self) -> None:
        """Wrap anew what is wrapped."""
        self.call_after_refresh(self._wrap)

    def _wrap(self) -> None:
        view = self.query_one(DocumentView)
        if isinstance(view.document, Text):
            at = view.cursor
            self.show(self.shown)
            view.move(at)
        else:
            self._draw_tabs()

    def _draw_tabs(self) -> None:
        row: Row = []
        for name in TABS:
            row += [(f" {name} ", "match" if name == self.tab else "dim"), (" ", "")]
        bar = self.query_one("#tabs", Bar)
        about: Row = [(self._about(), "dim")]
        if width_of([*row, *about]) <= bar.room:
            row = spread(row, about, bar.room)
        bar.set(row, {place * 2: f"open_tab('{name}')" for place, name in enumerate(TABS)})

    def _about(self) -> str:
        """Which row the detail is of."""
        if isinstance(self.shown, Line):
            return f" {self._painter.name(self.shown)} #{self.shown.seq}"
        return "" if self.shown is None else " refused"

    def _document(self, width: int) -> Document:
        what, feed = self.shown, self._feed
        if what is None or feed is None:
            return Text([[("Nothing is chosen.", "dim")]])
        if isinstance(what, Refusal):
            return _refusal(what, self._painter, width)
        event = feed.event(what.seq)
        if event is None:
            return Text([[("This event is no longer stored.", "dim")]])
        if self.tab == "Raw":
            return self._raw(feed, event)
        if self.tab == "Normalized":
            return self._json(event)
        if self.tab == "Violations":
            return _violations(event, what, self._painter, width)
        return self._diff(feed, event, width)

    def _json(self, value: Any) -> Json:
        return Json(value, self._painter.mask)

    def _raw(self, feed: Feed, event: dict[str, Any]) -> Document:
        raw = feed.raw(event["seq"])
        if raw is None:
            return Text([[("The request is no longer in the log.", "dim")]])
        try:
            return self._json(body.at(body.decode(raw), event["item"]) if event["item"] else body.decode(raw))
        except ValueError:
            shown = [self._painter.mask.shown(line) for line in raw.decode("utf-8", "replace").split("\n")]
            return Text([[(line, "")] for line in shown], {0: ("", raw.decode("utf-8", "replace"))})

    def _diff(self, feed: Feed, event: dict[str, Any], width: int) -> Document:
        raw = feed.raw(event["seq"])
        try:
            item = body.at(body.decode(raw or b"null"), event["item"])
        except ValueError:
            item = None
        rows: list[Row] = []
        items: dict[int, tuple[str, Any]] = {}
        for one in fields(item, event, feed.mapping(event["seq"])):
            items[len(rows)] = (one.pointer or one.origin, one.raw if one.sign == "unused" else one.value)
            rows.append(self._field(one))
            if one.note:
                rows += paragraph(self._painter.mask.shown(one.note), width, "bad", "    ")
        return Text(rows, items)

    def _field(self, one: Field) -> Row:
        painter = self._painter
        sign, look = _SIGNS[one.sign], _LOOKS[one.sign]
        name = (one.pointer or one.origin).rsplit("/", 1)[-1]
        value = painter.mask.shown(_text(one.raw if one.sign == "unused" else one.value), key=name)
        row: Row = [(f"{sign} ", look), (painter.mask.shown(one.pointer or one.origin), "key"), (": ", "dim")]
        row.append((value if one.value is not None or one.sign == "unused" else "missing", look))
        if one.sign in ("moved", "changed") or (one.sign == "fault" and one.origin):
            row.append((f"  ← {painter.mask.shown(one.origin)}", "dim"))
        if one.sign in ("changed", "fault") and one.raw is not None and _text(one.raw) != _text(one.value):
            row.append((f" {painter.mask.shown(_text(one.raw), key=name)}", "warn"))
        if one.sign == "unused":
            row.append(("  not used", "dim"))
        return row


def _text(value: Any) -> str:
    return body.encode(value).decode("utf-8", "replace")


def _violations(event: dict[str, Any], line: Line, painter: Painter, width: int) -> Document:
    shown = painter.mask.shown
    rows: list[Row] = []
    if line.dead:
        rows += [[("dead letter", "bad")], *paragraph(shown(line.dead), width, "", "  "), []]
    for one in event["violations"]:
        look = "bad" if one["severity"] == "error" else "warn"
        rows += [
            [(shown(one["code"]), look), ("  ", ""), (shown(one["pointer"]), "key")],
            *labeled("  expected", shown(one["expected"]), width, "ok", 12),
            *labeled("  got", shown(one["got"], key=one["pointer"]), width, look, 12),
            *labeled("  fix", shown(one["resolution"]), width, "strong", 12),
        ]
        if one["origin"]:
            rows += labeled("  from", shown(one["origin"]), width, "key", 12)
        rows.append([])
    return Text(rows or [[("✓ ", "ok"), ("no violation", "")]])


def _refusal(refusal: Refusal, painter: Painter, width: int) -> Document:
    shown = painter.mask.shown
    kept = "yes: correct the secret, then `tagway redrive`" if refusal.kept else "no"
    pairs = (
        ("refused", shown(refusal.code)),
        ("source", shown(refusal.source)),
        ("why", shown(refusal.message)),
        ("requests", f"{refusal.count:,}"),
        ("body kept", kept),
    )
    return Text(
        [row for name, text in pairs for row in labeled(name, text, width, "strong" if name == "refused" else "", 11)]
    )
