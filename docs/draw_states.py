"""Draws docs/images/states.svg, the picture of an order's state: ``python docs/draw_states.py``.

The words in it are those of ``services/orders/states.py``; a test checks that each of its values is in the picture.
The colours are read on a light page and on a dark one.
"""

from pathlib import Path

WIDTH, HEIGHT = 1060, 1010
LINE, TEXT = "#7b8aa0", "#74839a"
FILL = {"": "#e8edf4", "good": "#d8efe0", "bad": "#f7dcdc", "wait": "#fbeecb"}
INK = "#1b2636"

Box = tuple[float, float, float, str, str]  # x, y, width, text, tone
Arrow = tuple[list[tuple[float, float]], str]  # points, label


def delivery(y: float) -> tuple[list[Box], list[Arrow]]:
    row, low, up = y + 74, y + 138, y + 10
    boxes = [
        (40, row, 90, "none", ""),
        (190, row, 110, "queued", "wait"),
        (470, row, 100, "sent", "good"),
        (740, row, 120, "bounced", "bad"),
        (190, low, 110, "withdrawn", ""),
        (340, low, 100, "expired", ""),
        (480, low, 110, "uncertain", "wait"),
        (630, low, 90, "failed", "bad"),
    ]
    arrows = [
        ([(300, row), (470, row)], "the server accepts it"),
        ([(570, row), (740, row)], "it comes back later"),
        ([(245, row + 17), (245, low - 17)], ""),
        ([(262, row + 17), (262, y + 106), (390, y + 106), (390, low - 17)], ""),
        ([(262, y + 106), (535, y + 106), (535, low - 17)], ""),
        ([(262, y + 106), (675, y + 106), (675, low - 17)], ""),
        (
            [(520, row - 17), (520, up + 24), (245, up + 24), (245, row - 17)],
            "sent again, reminded, renewed, corrected",
        ),
    ]
    return boxes, arrows


def availability(y: float) -> tuple[list[Box], list[Arrow]]:
    row, low, up = y + 74, y + 138, y + 10
    boxes = [
        (40, row, 90, "none", ""),
        (190, row, 120, "requested", "wait"),
        (470, row, 100, "open", "good"),
        (740, row, 120, "cancelled", ""),
        (310, low, 90, "failed", "bad"),
        (470, low, 100, "taken", "wait"),
    ]
    arrows = [
        ([(310, row), (470, row)], "it is ready"),
        ([(570, row), (740, row)], "called off (own link)"),
        ([(290, row + 17), (290, y + 106), (355, y + 106), (355, low - 17)], ""),
        ([(290, y + 106), (520, y + 106), (520, low - 17)], ""),
        ([(310, low), (230, low), (230, row + 17)], "tried again"),
        ([(520, row - 17), (520, up + 24), (250, up + 24), (250, row - 17)], "renewed without our own link"),
    ]
    return boxes, arrows


def payment(y: float) -> tuple[list[Box], list[Arrow]]:
    row, low, up = y + 74, y + 138, y + 10
    boxes = [
        (40, row, 90, "unpaid", ""),
        (180, row, 100, "pending", "wait"),
        (330, row, 110, "authorised", "wait"),
        (490, row, 140, "partly_captured", "good"),
        (680, row, 100, "captured", "good"),
        (830, row, 140, "partly_refunded", ""),
        (180, low, 100, "refused", "bad"),
        (330, low, 110, "cancelled", ""),
        (680, low, 120, "charged_back", "bad"),
        (490, low, 130, "unconfirmed", "wait"),
        (850, low, 100, "refunded", ""),
    ]
    arrows = [
        ([(130, row), (180, row)], ""),
        ([(280, row), (330, row)], ""),
        ([(440, row), (490, row)], ""),
        ([(630, row), (680, row)], ""),
        ([(780, row), (830, row)], ""),
        ([(230, row + 17), (230, low - 17)], ""),
        ([(385, row + 17), (385, low - 17)], ""),
        ([(720, row + 17), (720, low - 17)], ""),
        ([(750, low - 17), (750, row + 17)], ""),
        ([(900, row + 17), (900, low - 17)], ""),
        ([(180, low), (85, low), (85, row + 17)], "tries again"),
        ([(555, low - 17), (555, row + 17)], ""),
        (
            [(85, row - 17), (85, up + 24), (730, up + 24), (730, row - 17)],
            "at once: one attempt may skip what lies between; a late fact undoes nothing",
        ),
    ]
    return boxes, arrows


# The first that holds is the badge.
LADDER = (
    ("charged_back", "bad", "payment is charged_back"),
    ("refunded", "", "payment is refunded or partly_refunded"),
    ("paid", "good", "payment is captured or partly_captured"),
    ("authorised", "wait", "payment is authorised"),
    ("pending", "wait", "payment is pending"),
    ("unconfirmed", "wait", "payment is unconfirmed"),
    ("cancelled", "", "availability is cancelled"),
    ("failed", "bad", "availability is failed or taken, or delivery is failed"),
    ("expired", "", "the time is over"),
    ("refused", "bad", "payment is refused or cancelled"),
    ("uncertain", "wait", "delivery is uncertain"),
    ("bounced", "bad", "delivery is bounced"),
    ("open", "good", "availability is open, and delivery is sent or none"),
    ("preparing", "wait", "anything else"),
)


def draw() -> str:
    """The picture as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" '
        'font-size="15" role="img" aria-labelledby="title">',
        '<title id="title">An order\'s state: delivery, availability and payment, and the badge made of them</title>',
        f'<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
        f'<path d="M0 0 8 4 0 8z" fill="{LINE}"/></marker></defs>',
    ]
    folds = (
        ("delivery", "of the newest e-mail", delivery),
        ("availability", "of our own link, else of HiPay's page", availability),
        (
            "payment",
            "of all its transactions together; one that only a notification names is unconfirmed, until a read of HiPay shows it",
            payment,
        ),
    )
    for number, (name, of, layout) in enumerate(folds):
        y = 26 + 200 * number
        parts.append(_heading(y, name, of))
        boxes, arrows = layout(y)
        parts += [_arrow(points, label) for points, label in arrows]
        parts += [_box(*box) for box in boxes]
    y = 26 + 200 * len(folds)
    parts.append(_heading(y, "badge", "the first of these that holds"))
    for number, (name, tone, when) in enumerate(LADDER):
        left, top = (40, y + 46 + 46 * number) if number < 7 else (560, y + 46 + 46 * (number - 7))
        parts.append(_box(left, top, 120, name, tone))
        parts.append(f'<text x="{left + 134}" y="{top + 5}" fill="{TEXT}">{when}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _heading(y: float, name: str, of: str) -> str:
    return (
        f'<text x="40" y="{y}" fill="{TEXT}"><tspan font-weight="700" font-size="18">{name}</tspan>'
        f'<tspan dx="10">{of}</tspan></text>'
    )


def _box(x: float, y: float, width: float, text: str, tone: str) -> str:
    return (
        f'<rect x="{x}" y="{y - 17}" width="{width}" height="34" rx="7" fill="{FILL[tone]}" stroke="{LINE}"/>'
        f'<text x="{x + width / 2}" y="{y + 5}" text-anchor="middle" fill="{INK}">{text}</text>'
    )


def _arrow(points: list[tuple[float, float]], label: str) -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    line = (
        f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="1.5" marker-end="url(#head)"/>'
    )
    if not label:
        return line
    (x1, y1), (x2, _) = points[0:2] if len(points) < 4 else points[1:3]
    height = y1 if len(points) < 4 else points[1][1]
    return (
        line
        + f'<text x="{(x1 + x2) / 2}" y="{height - 7}" text-anchor="middle" font-size="13" fill="{TEXT}">{label}</text>'
    )


if __name__ == "__main__":
    Path(__file__).with_name("images").joinpath("states.svg").write_text(draw(), encoding="utf-8")
