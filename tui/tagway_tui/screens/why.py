"""Why: the verdict, the stages with their evidence, where it stops, the smallest fix. `tagway.answers` knows it."""

from __future__ import annotations

from typing import Final

from tagway.answers.reasons import Reason, Stage

from tagway_tui.documents import paragraph
from tagway_tui.marks import Row
from tagway_tui.screens.overlay import Overlay
from tagway_tui.widgets.bars import Hint

_MARKS: Final = {"ok": ("✓", "ok"), "warn": ("!", "warn"), "fail": ("✗", "bad")}


class Why(Overlay):
    """One answer."""

    HINTS = (
        Hint("list.choose", "Evidence", "choose"),
        Hint("overlay.copy", "Copy report", "copy_report"),
        Hint("overlay.close", "Close", "app.leave"),
    )

    def __init__(self, reason: Reason) -> None:
        """Show a reason."""
        super().__init__()
        self._reason = reason

    def rows(self, width: int) -> tuple[list[Row], dict[int, int]]:
        """Verdict, stages, fix."""
        app, reason = self.tagway, self._reason
        shown = app.mask.shown
        rows: list[Row] = [
            [("WHY ", "title"), (shown(reason.subject), "strong")],
            [("verdict  ", "dim"), (shown(reason.verdict), "strong")],
            [],
        ]
        leads: dict[int, int] = {}
        for number, stage in enumerate(reason.stages, 1):
            glyph, style = _MARKS[stage.mark]
            head = f"{number} {stage.name:<10} "
            stop = "   ← STOPS HERE" if stage.name == reason.stops_at else ""
            text = paragraph(shown(stage.text) + stop, width - len(head) - 2)
            if stage.evidence:
                leads[len(rows)] = stage.evidence[-1]
            rows.append([(head, ""), (glyph, style), (" ", ""), *text[0]])
            rows += [[(" " * (len(head) + 2), ""), *line] for line in text[1:]]
            if stage.evidence:
                leads[len(rows)] = stage.evidence[-1]
                rows.append([(" " * (len(head) + 2) + _evidence(stage), "dim")])
        rows += [[], [("FIX", "title")], *paragraph(shown(reason.fix), width, "strong", "  ")]
        return rows, leads

    def action_copy_report(self) -> None:
        """Copy the answer as text, masked as it is shown."""
        rows, _ = self.rows(76)
        self.tagway.copying.copy("\n".join("".join(text for text, _ in row).rstrip() for row in rows), "the report")


def _evidence(stage: Stage) -> str:
    return "events " + ", ".join(f"#{seq}" for seq in stage.evidence)
