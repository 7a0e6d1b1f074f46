"""What a window of a decision reaches: the lines that stood on the screen when it was asked for, by name, and which of them
are otherwise by now."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from pages.components.common import actor, desk, first_zone, texts
from pages.components.decision_windows import what_line
from pages.components.decision_words import ACTS
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.i18n import Translator, format_datetime
from services.money import format_money
from services.reconciliation.decisions import available
from services.reconciliation.decisions.available import Line
from services.reconciliation.views.reasons import OUTCOMES

_NAMED = 10  # lines that are named one by one


def reach(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Name the lines, with their sum where there are several, and say which have moved since they were shown; the others."""
    t, now = (
        texts(),
        {line.id: line for line in available.read_lines(desk(), actor(), [one.id for one in lines])},
    )
    still = tuple(line for line in lines if not line.changed_since_shown(now.get(line.id)))
    if len(still) == 1:
        st.caption(plain(what_line(still[0], t)))
    elif still:
        words = t.plural(
            "**{count}** line, {amounts} together",
            "**{count}** lines, {amounts} together",
            len(still),
            amounts=plain(together(still, t)),
        )
        st.markdown(words)
        listed([what_line(line, t) for line in still])
    moved = [line for line in lines if line.changed_since_shown(now.get(line.id))]
    if moved:
        st.warning(
            t.plural(
                "{count} line has changed since it was shown, and is not touched:",
                "{count} lines have changed since they were shown, and are not touched:",
                len(moved),
            ),
            icon=":material/sync_problem:",
        )
        listed([_told(line, now.get(line.id), t) for line in moved])
    return still


def together(lines: Sequence[Line], t: Translator) -> str:
    """What the lines come to, each currency for itself: of the amounts by which they are named."""
    sums: Counter[str] = Counter()
    for line in lines:
        units, code = line.named_amount
        if units is not None:
            sums[code] += units
    return ", ".join(format_money(sums[code], code, t.locale) for code in sorted(sums)) or t("no amount")


def as_it_stands(now: Line | None, t: Translator) -> str:
    """What has become of a line, in a few words."""
    if now is None:
        return t("no longer there")
    if now.replaced:
        return t("replaced by a correction")
    outcome = ", ".join(part for part in (t(OUTCOMES.get(now.outcome, now.outcome)), now.order_id) if part)
    if now.decided is None:
        return outcome
    known = desk().settings.all_accounts
    zone = known[now.account].timezone if now.account in known else first_zone()
    act, name = t(ACTS[now.decided.kind][0]), person_name(now.decided.who, t) or t("somebody")
    moment = format_datetime(now.decided.at, zone, t.language, named=False)
    return f"{outcome} ({act}, {name}, {moment})"


def _told(line: Line, now: Line | None, t: Translator) -> str:
    return t("{label}: {value}", label=what_line(line, t), value=as_it_stands(now, t))


def say_left(ids: Sequence[int]) -> None:
    """Ticked lines have left the list: what has become of each."""
    if not ids:
        return
    t = texts()
    found = available.read_lines(desk(), actor(), ids)
    st.warning(
        t.plural(
            "{count} line that you had chosen has left this list:",
            "{count} lines that you had chosen have left this list:",
            len(ids),
        ),
        icon=":material/sync_problem:",
    )
    gone = len(set(ids) - {line.id for line in found})
    listed([*(_told(line, line, t) for line in found), *[as_it_stands(None, t)] * gone])


def listed(said: Sequence[str]) -> None:
    """These texts, one below the other, the first of them."""
    t = texts()
    shown = [f"- {plain(one)}" for one in said[:_NAMED]]
    left = len(said) - len(shown)
    if left:
        shown.append("- " + t.plural("and {count} more", "and {count} more", left))
    st.markdown("\n".join(shown))
