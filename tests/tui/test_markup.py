"""Foreign text is never markup: the screen's source does not use the ways in which it could become one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import tagway_tui

_SOURCE = Path(tagway_tui.__file__).parent
_FILES = sorted(_SOURCE.rglob("*.py"))
# Widgets of Textual's that read a plain `str` as markup.
_MARKUP_WIDGETS = {
    "Static",
    "Label",
    "Button",
    "DataTable",
    "Tree",
    "OptionList",
    "Tabs",
    "Tab",
    "Collapsible",
    "Select",
}
_MARKUP_CALLS = {"from_markup", "escape", "add_row", "add_rows", "add_option", "RichLog", "Markdown", "print_markup"}
# Attributes of widgets that read a plain `str` as markup.
_MARKUP_TEXTS = {"tooltip", "border_title", "border_subtitle"}


def faults(tree: ast.AST) -> Iterator[str]:
    """What in a module could turn text into markup, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = {one.arg: one.value for one in node.keywords}
            markup = given.get("markup")
            off = isinstance(markup, ast.Constant) and markup.value is False
            if name in _MARKUP_CALLS or (name in _MARKUP_WIDGETS and not off) or (name == "notify" and not off):
                yield f"{node.lineno}: {name}"
            if isinstance(markup, ast.Constant) and markup.value is not False:
                yield f"{node.lineno}: markup is on"
        if isinstance(node, ast.Attribute) and node.attr in _MARKUP_TEXTS and isinstance(node.ctx, ast.Store):
            yield f"{node.lineno}: {node.attr}"


@pytest.mark.parametrize("file", _FILES, ids=[str(file.relative_to(_SOURCE)) for file in _FILES])
def test_no_module_uses_markup(file: Path) -> None:
    assert list(faults(ast.parse(file.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line", ["Static(name)", "app.notify(text)", "Label(x, markup=True)", "w.tooltip = x", "Content.from_markup(x)"]
)
def test_the_check_finds_what_it_is_for(line: str) -> None:
    assert list(faults(ast.parse(line)))
