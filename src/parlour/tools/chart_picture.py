"""The process that draws a chart: an order as JSON in, a PNG out. Knows nothing of the house: it is run by its path."""

import json
import sys
from contextlib import suppress
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 600
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 30, 70
INK, FAINT = (40, 44, 52), (222, 225, 230)
COLOURS = ((54, 112, 219), (232, 119, 34), (46, 160, 97), (204, 61, 77), (128, 90, 200), (140, 98, 57), (32, 160, 178))
STEPS = 5
FONTS = (
    *("NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc", "wqy-microhei.ttc", "DroidSansFallbackFull.ttf"),
    *("NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf"),
)
"""Looked for where the system keeps its fonts; the first ones have Chinese letters, too."""


def short(number: float) -> str:
    return f"{number:.4g}" if number != int(number) or abs(number) >= 1e6 else str(int(number))


def font() -> Any:
    """A font of this machine that has many letters; else the library's own, which has those of English."""
    for name in FONTS:
        with suppress(OSError):
            return ImageFont.truetype(name, 16)
    return ImageFont.load_default(16)


class Sheet:
    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH, HEIGHT), "white")
        self.pen = ImageDraw.Draw(self.image)
        self.font = font()

    def write(self, at: tuple[float, float], text: str, anchor: str) -> None:
        self.pen.text(at, text[:24], INK, self.font, anchor=anchor)


def axes(sheet: Sheet, data: list[float], names: list[str]) -> tuple[float, float, float]:
    """Draw what stands around the numbers; the lowest value, pixels per unit, and pixels per number."""
    low, high = min(0.0, *data), max(0.0, *data)
    scale = (HEIGHT - TOP - BOTTOM) / ((high - low) or 1)
    for step in range(STEPS + 1):
        value = low + (high - low) * step / STEPS
        y = HEIGHT - BOTTOM - (value - low) * scale
        sheet.pen.line((LEFT, y, WIDTH - RIGHT, y), FAINT)
        sheet.write((LEFT - 10, y), short(value), "rm")
    width = (WIDTH - LEFT - RIGHT) / len(data)
    every = max(1, round(len(data) * 80 / (WIDTH - LEFT - RIGHT)))
    for at, name in enumerate(names or [str(number + 1) for number in range(len(data))]):
        if at % every == 0:
            sheet.write((LEFT + width * (at + 0.5), HEIGHT - BOTTOM + 14), name, "mt")
    return low, scale, width


def bar(sheet: Sheet, data: list[float], names: list[str]) -> None:
    low, scale, width = axes(sheet, data, names)
    floor = HEIGHT - BOTTOM - (0 - low) * scale
    for at, value in enumerate(data):
        y = HEIGHT - BOTTOM - (value - low) * scale
        x = LEFT + width * at
        sheet.pen.rectangle((x + width * 0.15, min(y, floor), x + width * 0.85, max(y, floor)), COLOURS[0])
    sheet.pen.line((LEFT, floor, WIDTH - RIGHT, floor), INK, 2)


def line(sheet: Sheet, data: list[float], names: list[str]) -> None:
    low, scale, width = axes(sheet, data, names)
    dots = [(LEFT + width * (at + 0.5), HEIGHT - BOTTOM - (value - low) * scale) for at, value in enumerate(data)]
    sheet.pen.line(dots, COLOURS[0], 3, joint="curve")
    for x, y in dots:
        sheet.pen.ellipse((x - 5, y - 5, x + 5, y + 5), COLOURS[0])


def pie(sheet: Sheet, data: list[float], names: list[str]) -> None:
    radius, centre = (HEIGHT - 2 * TOP) / 2, (TOP + (HEIGHT - 2 * TOP) / 2 + 20, HEIGHT / 2)
    box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
    start, whole = -90.0, sum(data)
    for at, value in enumerate(data):
        colour, angle = COLOURS[at % len(COLOURS)], 360 * value / whole
        sheet.pen.pieslice(box, start, start + angle, colour, "white", 2)
        start += angle
        y = TOP + 28 * at
        if y < HEIGHT - TOP:
            sheet.pen.rectangle((WIDTH - 300, y, WIDTH - 284, y + 16), colour)
            name = names[at] if at < len(names) else str(at + 1)
            sheet.write((WIDTH - 274, y + 8), f"{name[:14]}: {100 * value / whole:.1f}%", "lm")


def main() -> None:
    order: dict[str, Any] = json.load(sys.stdin)
    sheet = Sheet()
    {"bar": bar, "line": line, "pie": pie}[order["kind"]](sheet, order["data"], order["names"])
    sheet.image.save(sys.stdout.buffer, "PNG", optimize=False)


if __name__ == "__main__":
    main()
