"""Draws docs/images/layers.svg, the picture of the layers: ``python docs/draw_layers.py``.

A test compares LAYERS with the folders of ``services/`` and with the contract in ``.importlinter``.
The colours are readable on a light page and on a dark one.
"""

from html import escape
from pathlib import Path

WIDTH, ROW, TOP, GAP = 1060, 30, 62, 16
LINE, TEXT, INK = "#7b8aa0", "#74839a", "#1b2636"
BOX_LEFT, BOX_WIDTH, BOX_GAP, WORDS_LEFT = 190, 112, 6, 555

# (group, colour, its layers from top to bottom); a layer is (the packages side by side, what they are for).
Layer = tuple[tuple[str, ...], str]
LAYERS: tuple[tuple[str, str, tuple[Layer, ...]], ...] = (
    ("programs", "#e8edf4", (
        (("run", "worker"), "what python -m services.run and .worker call"),
        (("entrypoints",), "start and stop: dashboard, worker, periodic work"),
        (("public", "web"), "routes for HiPay and customers; the dashboard's guard"),
    )),
    ("across", "#e8edf4", (
        (("checklist", "demo"), "what an account still lacks, measured; sample data"),
        (("retention",), "customers' data is erased after its time"),
        (("alarms", "notices"), "what a person must look at; our mails to colleagues"),
    )),
    ("features", "#d8efe0", (
        (("bank",), "bank entries and payouts; what statements cover"),
        (("exports", "imports"), "lists out, in the background; settlement files in"),
        (("reconciliation",), "lines joined to orders; decisions; what is shown"),
        (("payouts",), "tie-out: a payout's lines against its total"),
        (("bulk",), "many requests from a table; expected orders"),
        (("orders",), "the order, its pages, its e-mail, its steps"),
        (("accounts",), "an account's configuration and readiness"),
    )),
    ("each call", "#fbeecb", (
        (("health",), "is this process alive, is it ready"),
        (("opening",), "what every process does before it opens the desk"),
        (("restore_guard",), "a restored backup sends nothing until released"),
        (("access",), "people, roles, rights, sign-in, audit"),
        (("desk", "versions"), "settings, store and clients, once a process"),
        (("heartbeats",), "when each lane of the worker last worked"),
        (("disk_space",), "room that is left free on the disks"),
    )),
    ("the store", "#f7dcdc", (
        (("store",), "tables, migrations, queries: the only SQL"),
    )),
    ("outside", "#e6e0f5", (
        (("error_messages",), "one sentence for each error code"),
        (("settlements",), "a settlement file's bytes to lines"),
        (("spreadsheets",), "XLS, XLSX, ODS in; XLSX and CSV out"),
        (("hipay",), "HiPay's calls, statuses, signatures"),
        (("parsing",), "files and mails are parsed in a bounded child"),
        (("processes", "logs", "private_files"), "child processes, log, file permissions"),
        (("settings",), "what the operator sets, typed"),
        (("auth_settings",), "identity providers"),
        (("mail",), "the customer's e-mail: compose, deliver, reports"),
    )),
    ("tools", "#e8edf4", (
        (("hosts", "clock", "i18n", "money"), "loopback names, time, languages, exact amounts"),
        (("text",), "card numbers, currency signs, headings, folding"),
        (("errors",), "DeskError, the root of every error"),
    )),
)  # fmt: skip


def draw() -> str:
    """The picture as SVG."""
    rows: list[str] = []
    y = TOP
    rows.append(_row(34, ("pages",), "#ffffff", "screens: read the form, call one service, show the answer"))
    rows.append(_group("screens", 34, ROW))
    for group, fill, layers in LAYERS:
        y += GAP
        rows.append(_group(group, y, ROW * len(layers)))
        for packages, words in layers:
            rows.append(_row(y, packages, fill, words))
            y += ROW
    order = "; ".join(", ".join(packages) for _, _, layers in LAYERS for packages, _ in layers)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + GAP}" '
            'font-family="system-ui, sans-serif" font-size="15" role="img" aria-labelledby="title desc">',
            '<title id="title">The layers of services/: a package imports only what lies below it</title>',
            f'<desc id="desc">From top to bottom: pages; {order}.</desc>',
            f'<text x="{BOX_LEFT}" y="20" fill="{TEXT}" font-size="13">'
            "A package imports only what lies below it; packages side by side do not import each other.</text>",
            *rows,
            "</svg>",
            "",
        ]
    )


def _group(name: str, y: float, height: float) -> str:
    return (
        f'<text x="{BOX_LEFT - 28}" y="{y + height / 2 + 5}" text-anchor="end" font-weight="700" fill="{TEXT}">'
        f'{name}</text><path d="M{BOX_LEFT - 12} {y + 3}h-6v{height - 6}h6" fill="none" stroke="{LINE}"/>'
    )


def _row(y: float, packages: tuple[str, ...], fill: str, words: str) -> str:
    width = BOX_WIDTH if len(packages) < 4 else (3 * BOX_WIDTH - BOX_GAP) / 4
    width = BOX_WIDTH * 3 + BOX_GAP * 2 if len(packages) == 1 else width
    width = (BOX_WIDTH * 3 + BOX_GAP) / 2 if len(packages) == 2 else width
    boxes = [
        f'<rect x="{BOX_LEFT + number * (width + BOX_GAP):g}" y="{y + 2}" width="{width:g}" height="{ROW - 4}" rx="6" '
        f'fill="{fill}" stroke="{LINE}"/>'
        f'<text x="{BOX_LEFT + number * (width + BOX_GAP) + width / 2:g}" y="{y + ROW / 2 + 5:g}" text-anchor="middle" '
        f'fill="{INK}">{escape(name)}</text>'
        for number, name in enumerate(packages)
    ]
    return "".join(boxes) + (
        f'<text x="{WORDS_LEFT}" y="{y + ROW / 2 + 5:g}" fill="{TEXT}">{escape(words)}</text>'
    )


if __name__ == "__main__":
    Path(__file__).with_name("images").joinpath("layers.svg").write_text(draw(), encoding="utf-8")
