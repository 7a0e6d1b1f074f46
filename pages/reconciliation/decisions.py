"""What a person can decide of payout lines: the buttons, the windows that ask why, the history, the way back."""

from collections.abc import Callable, Sequence

import streamlit as st

from pages.components.common import (
    actor,
    desk,
    first_zone,
    language,
    texts,
)
from pages.components.decision_windows import (
    ask_reason,
    begin_rule,
    forget,
    go,
    progress_after_a_while,
    refused,
    what_line,
)
from pages.components.decision_words import (
    ACTS,
    DONE,
    HOW,
    icon_of,
    refusal_words,
)
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.reconciliation import decision_choices, order_search
from pages.reconciliation.decision_lines import listed, reach
from pages.reconciliation.order_search import Wanted
from services.i18n import Translator, format_datetime
from services.money import format_money
from services.orders.create import new_form_key
from services.reconciliation.decisions import available, decide, history, not_ours_rules
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.decide import MOST_LINES, DecisionResult
from services.reconciliation.decisions.history import COMMENT_MAX, Entry
from services.reconciliation.views.reasons import OUTCOMES

_WINDOW, _SAID = "by_hand_window", "by_hand_said"


def actions(line_id: int) -> None:
    """The buttons of one line: what can be decided of it now, and a comment."""
    found = available.read_lines(desk(), actor(), [line_id])
    if not found:
        return
    [line] = found
    t = texts()
    with st.container(horizontal=True):
        for act in line.possible:
            if act == "twice" and "exclude" in line.possible:
                continue  # asked there
            words, icon, _ = ACTS[act]
            label = (
                t("It is order {order_id}", order_id=plain(line.suggested_id))
                if act == "accept"
                else t(words)
            )
            # given what stands on the screen now, not what the press finds
            st.button(
                label,
                icon=icon,
                type="primary" if act == "accept" else "secondary",
                key=f"by_hand_{act}_{line_id}",
                on_click=_open,
                args=(act, found),
            )
        if line.possible or line.outcome == "total_line":
            words, icon, _ = ACTS["comment"]
            st.button(
                t(words),
                icon=icon,
                type="tertiary",
                key=f"by_hand_comment_{line_id}",
                on_click=_open,
                args=("comment", found),
            )


def bulk(line_ids: Sequence[int]) -> None:
    """The buttons of several chosen lines, each with how many of them it takes."""
    t = texts()
    if len(line_ids) > MOST_LINES:
        st.info(t("At most {most} lines can be decided at once.", most=MOST_LINES), icon=":material/info:")
        return
    found = sorted(available.read_lines(desk(), actor(), line_ids), key=lambda line: line_ids.index(line.id))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            t.plural("**{count}** line chosen", "**{count}** lines chosen", len(found)), width="content"
        )
        for act in ("accept", "match", "unmatch", "not_ours", "exclude", "undo"):
            able = [line for line in found if act in line.possible]
            words, icon, _ = ACTS[act]
            label = t(words) if len(able) == len(found) else f"{t(words)} ({len(able)})"
            if able:
                st.button(label, icon=icon, key=f"by_hand_bulk_{act}", on_click=_open, args=(act, able))


def comment_on_order(order_id: int, name: str) -> None:
    """The comments on an order, and a place for another. ``name``: by which a person knows it."""
    _entries(history.of_order(desk(), actor(), order_id), first_zone(), None)
    t = texts()
    if st.button(
        t("Comment"), icon=":material/comment:", type="tertiary", key=f"by_hand_order_comment_{order_id}"
    ):
        st.session_state[_WINDOW] = ("order_comment", (), new_form_key(), (order_id, name))
        st.rerun(scope="app")


def show_history(line_id: int) -> None:
    """Every decision and comment on the line, the oldest first, each decision that stands with its way back."""
    found = history.of_line(desk(), actor(), line_id)
    lines = available.read_lines(desk(), actor(), [line_id])
    if not found:
        st.caption(texts()("Nobody has decided or written anything of this line."))
        return
    zone = desk().account(lines[0].account).timezone if lines else first_zone()
    _entries(found, zone, lines[0] if lines else None)


def said() -> None:
    """What the last decision came to, said once, with the way back; the lines that it left, each with the reason."""
    found: tuple[str, DecisionResult, dict[int, str]] | None = st.session_state.get(_SAID)
    if found is None:
        return
    t, (act, done, names) = texts(), found
    count = len(done.lines)
    with st.container(horizontal=True, vertical_alignment="center"):
        words = t.plural(
            "{count} line decided: {what}.", "{count} lines decided: {what}.", count, what=t(ACTS[act][0])
        )
        if done.followers:
            words += " " + t.plural(
                "{count} other line of the transaction went along.",
                "{count} other lines of the transaction went along.",
                done.followers,
            )
        st.success(words, icon=":material/check_circle:", width="stretch")
        if act != "undo":
            decided = available.read_lines(desk(), actor(), done.lines)
            st.button(
                t("Undo"),
                icon=":material/undo:",
                key="by_hand_said_undo",
                on_click=_open,
                args=("undo", decided),
            )
        if st.button(t("Close"), icon=":material/close:", type="tertiary", key="by_hand_said_close"):
            st.session_state.pop(_SAID)
            st.rerun(scope="app")
    if done.refused:
        st.warning(
            t.plural(
                "{count} line was left as it was:", "{count} lines were left as they were:", len(done.refused)
            ),
            icon=":material/rule:",
        )
        zone = first_zone()
        listed([_left(names.get(line, ""), refusal_words(error, zone, t), t) for line, error in done.refused])


def _left(name: str, why: str, t: Translator) -> str:
    return t("{label}: {value}", label=name, value=why) if name else why


def just_decided() -> frozenset[int]:
    """The lines of the decision that ``said`` tells of."""
    found: tuple[str, DecisionResult, dict[int, str]] | None = st.session_state.get(_SAID)
    return frozenset(found[1].lines) if found else frozenset()


def window() -> None:
    """Draw the window that was asked for. Called once on the page, outside the parts that run by themselves."""
    asked = st.session_state.get(_WINDOW)
    if asked is None:
        return
    act, lines, key, order = asked
    icon = ACTS.get(act, ACTS["comment"])[1]
    title = texts()(ACTS.get(act, ACTS["comment"])[0])
    wide = act in ("match", "split", "not_ours")
    dialog = st.dialog(title, width="medium" if wide else "small", icon=icon, on_dismiss=_close)
    dialog(_window)(act, lines, key, order)


def _open(act: str, lines: Sequence[Line]) -> None:
    st.session_state.pop(_SAID, None)
    forget()
    st.session_state[_WINDOW] = (act, tuple(lines), new_form_key(), None)
    st.rerun(scope="app")


def _close() -> None:
    st.session_state.pop(_WINDOW, None)
    forget()


def _window(act: str, lines: tuple[Line, ...], key: str, order: tuple[int, str] | None) -> None:
    t = texts()
    if order is not None:
        st.caption(plain(order[1]))
        _comment(lambda text: history.comment_order(desk(), actor(), order[0], text, key), key)
        return
    still = reach(lines)
    if act == "comment":
        _comment(lambda text: history.comment_line(desk(), actor(), lines[0].id, text, key), key)
        return
    if not still:
        go(t(ACTS[act][0]), key, _close, ready=False)
        return
    if act != "exclude":
        st.write(t(ACTS[act][2]))
    if act == "not_ours" and len(still) == 1 and _by_rule(still[0], key):
        return
    wanted = _wanted(act, still, key)
    why = ask_reason(act, key, differs=wanted is not None and wanted.differs)
    ready = wanted is not None and bool(why.strip())
    shown = (wanted.shown if wanted else None, [line.shown for line in still])
    if go(t(ACTS[act][0]), key, _close, ready=ready, shown=shown) and wanted is not None:
        with refused(lines[0].account), progress_after_a_while() as progress:
            done = wanted.act(why, progress)
            _close()
            left = {line for line, _ in done.refused}
            st.session_state[_SAID] = (
                act,
                done,
                {line.id: what_line(line, t) for line in lines if line.id in left},
            )
            st.rerun()


def _wanted(act: str, lines: tuple[Line, ...], key: str) -> Wanted | None:
    """What the window's button does; None while something is missing."""
    if act == "match":
        return order_search.choose(lines, key)
    if act == "split":
        return order_search.share_out(lines[0], key)
    if act == "accept":
        return order_search.suggested(lines, key)
    if act == "undo":
        return Wanted(decision_choices.undoing(lines, key))
    if act == "exclude" and decision_choices.stand_twice(lines, key):
        act = "twice"
    along = decision_choices.companions(act, lines, key)
    shown = [line.shown for line in (*lines, *along)]
    run = {
        "unmatch": decide.unmatch,
        "exclude": decide.exclude,
        "twice": decide.twice,
        "not_ours": decide.not_ours,
    }[act]
    return Wanted(lambda why, progress: run(desk(), actor(), shown, why, key, progress=progress))


def _by_rule(line: Line, key: str) -> bool:
    """Ask whether a rule is wanted; whether it is, and the window is its."""
    t = texts()
    filled = {name: text for name, text in line.texts.items() if text.strip()}
    once, always = t("This line only"), t("This line and all that are alike: a rule")
    if not filled or st.radio(t("What is not ours?"), [once, always], key=f"ruled_{key}") == once:
        return False
    labels = {
        name: t("{label}: {value}", label=t(not_ours_rules.FIELDS[name]), value=text)
        for name, text in filled.items()
    }
    field = st.selectbox(t("Column"), list(labels), format_func=labels.__getitem__, key=f"rule_field_{key}")
    begin_rule(line.account, field, filled[field], key, _close)
    return True


def _comment(write: Callable[[str], None], key: str) -> None:
    t = texts()
    text = st.text_area(t("Comment"), key=f"comment_{key}", max_chars=COMMENT_MAX)
    if go(t("Keep the comment"), key, _close, ready=bool((text or "").strip())):
        with refused(""):
            write(text)
            _close()
            st.rerun()


def _entries(found: Sequence[Entry], zone: str, line: Line | None) -> None:
    t = texts()
    for entry in found:
        icon = icon_of(entry.kind)
        names = ", ".join(_share(name, units, entry, line, t) for name, units in entry.shares)
        words = t.gettext(DONE[entry.kind]).format(orders=names)
        who = person_name(entry.who, t) or t("somebody")
        moment = format_datetime(entry.at, zone, language(), named=False)
        with st.container(border=True):
            if entry.how:
                words = t(HOW[entry.how], what=words)
            head = (
                words
                if entry.is_valid or entry.kind in ("undone", "comment")
                else t("{what} (undone since)", what=words)
            )
            st.markdown(f"{icon} **{plain(head)}**")
            st.markdown(plain(entry.text) if entry.text else f"*{t('erased with the customer')}*")
            details = [who, moment]
            if entry.before:
                before = t(OUTCOMES.get(entry.before, entry.before))
                former = f"{before}, {entry.before_order}" if entry.before_order else before
                details.append(t("before: {outcome}", outcome=former))
            if entry.after:
                after = t(OUTCOMES.get(entry.after, entry.after))
                came = f"{after}, {entry.after_order}" if entry.after_order else after
                details.append(t("since then: {outcome}", outcome=came))
            if entry.is_valid and entry.group_size > 1:
                details.append(t("one of {count} decided at once", count=entry.group_size))
            st.caption(" · ".join(plain(part) for part in details))


def _share(name: str, units: int, entry: Entry, line: Line | None, t: Translator) -> str:
    if entry.kind != "split" or line is None:
        return name
    return f"{name} ({format_money(units, line.original_currency, t.locale)})"
