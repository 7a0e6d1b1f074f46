"""The lines that a decision applies to, and those that it leaves out because they have changed since they were shown."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from pages.components.bullet_list import bullet_list
from pages.components.common import actor, desk, first_zone, texts
from pages.components.decision_words import ACTS, line_summary
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.i18n import Translator, format_datetime
from services.money import format_money
from services.reconciliation.decisions import available
from services.reconciliation.decisions.available import Line
from services.reconciliation.views.reasons import OUTCOMES


def still_as_shown(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Name the lines, with their sum where there are several, and those that have changed since they were shown.

    Returns the lines that have not changed.
    """
    t = texts()
    now = {line.id: line for line in available.read_lines(desk(), actor(), [one.id for one in lines])}
    still = tuple(line for line in lines if not line.changed_since_shown(now.get(line.id)))
    if len(still) == 1:
        st.caption(plain(line_summary(still[0], t)))
    elif still:
        words = t.plural(
            "**{count}** line, {amounts} together",
            "**{count}** lines, {amounts} together",
            len(still),
            amounts=plain(sum_words(still, t)),
        )
        st.markdown(words)
        bullet_list([line_summary(line, t) for line in still])
    changed = [line for line in lines if line.changed_since_shown(now.get(line.id))]
    if changed:
        st.warning(
            t.plural(
                "{count} line has changed since it was shown, and is not touched:",
                "{count} lines have changed since they were shown, and are not touched:",
                len(changed),
            ),
            icon=":material/sync_problem:",
        )
        bullet_list([_with_outcome(line, now.get(line.id), t) for line in changed])
    return still


def sum_words(lines: Sequence[Line], t: Translator) -> str:
    """The sum in each currency of the amounts that ``line_summary`` shows."""
    sums: Counter[str] = Counter()
    for line in lines:
        units, code = line.named_amount
        if units is not None:
            sums[code] += units
    return ", ".join(format_money(sums[code], code, t.locale) for code in sorted(sums)) or t("no amount")


def current_outcome(now: Line | None, t: Translator) -> str:
    """The outcome that a line has now, and who decided it, in a few words."""
    if now is None:
        return t("no longer there")
    if now.withdrawn:
        return t("withdrawn")
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


def _with_outcome(line: Line, now: Line | None, t: Translator) -> str:
    return t("{label}: {value}", label=line_summary(line, t), value=current_outcome(now, t))


def show_missing(ids: Sequence[int]) -> None:
    """Name the ticked lines that have left the list, each with its outcome."""
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
    bullet_list([*(_with_outcome(line, line, t) for line in found), *[current_outcome(None, t)] * gone])
