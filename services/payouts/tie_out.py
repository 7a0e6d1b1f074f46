"""The tie-out of a settlement: its lines against the payout that the file itself announces."""

from typing import Literal, get_args

import pandas as pd

from services.store.settlements.line_totals import TWICE

PayoutState = Literal["tied", "differs", "no_payout", "not_proved"]
STATES: tuple[PayoutState, ...] = get_args(PayoutState)


def tie(totals: pd.DataFrame, unproved: frozenset[tuple[str, str]] = frozenset()) -> pd.DataFrame:
    """Whether the lines add up to the payout, by account, settlement and settlement currency.

    ``totals``: sums of valid lines, with the columns ``account``, ``settlement_id``, ``settlement_currency``, ``kind``,
    ``operation_code``, ``settled_units``, ``missing`` (how many lines have no amount); those of kind "twice" are not counted.
    ``unproved``: (account, settlement) of those with a row that could not be read, or a correction that waits for a person.

    The result's columns: ``account``, ``settlement_id``, ``currency``, ``lines_units`` (all lines but the control totals),
    ``payout_units`` (positive when the merchant receives, NA when the file has none), ``difference_units`` (lines minus
    payout, NA without a payout), ``missing`` (lines without an amount), ``state``: one of STATES. A settlement does not tie
    out while any of its lines, in whatever currency, has no amount.

    The payout is the Settlement line; else the total of a payout in parts (Splitting settlement), else its parts
    (Split settlement): each repeats the sum of the others. A settlement whose balance is carried over (Deferred
    settlement) pays nothing: its lines must add up to zero, or to the deferred amount where that repeats the balance.
    """
    keys = ["account", "settlement_id", "settlement_currency"]
    counts = totals["kind"] != TWICE
    missing = totals["missing"].where(counts, 0).astype("int64")
    units = totals["settled_units"].astype("Int64").fillna(0).where(counts, 0)
    units = units.mask((totals["kind"] == "control") & (missing > 0))  # the announced amount is unknown

    def summed(where: "pd.Series[bool]") -> "pd.Series[int]":
        return units.where(where).groupby([totals[key] for key in keys]).sum(min_count=1)

    code = totals["operation_code"].where(counts, "")
    found = pd.DataFrame(
        {
            "lines_units": summed(totals["kind"] != "control").fillna(0),
            "payout_units": summed(code == "settlement")
            .fillna(summed(code == "splitting_settlement"))
            .fillna(summed(code == "split_settlement")),
            "deferred": summed(code == "deferred_settlement"),
            "missing": missing.groupby([totals[key] for key in keys]).sum(),
        }
    ).astype("Int64")
    # HiPay may write a payout as what leaves its balance: below zero, and then the file adds up to zero. Where the merchant
    # owes HiPay, that is a payout above zero: it counts only for an account that has another payout written so.
    mirrored = (found["payout_units"] == -found["lines_units"]).fillna(False)
    paid = mirrored & (found["lines_units"] > 0)
    sign_changed = paid | (mirrored & paid.groupby(level="account").transform("any"))
    found["payout_units"] = found["payout_units"].mask(sign_changed, found["lines_units"])
    # Where the deferred amount repeats the balance, it is not one of the lines.
    carried = found["payout_units"].isna() & found["deferred"].notna()
    repeats = (carried & (found["lines_units"] == 2 * found["deferred"])).fillna(False)
    found["lines_units"] = found["lines_units"].mask(repeats, 0)
    found["payout_units"] = found["payout_units"].mask(carried, 0)
    found["difference_units"] = found["lines_units"] - found["payout_units"]
    state = found["difference_units"].eq(0).map({True: "tied", False: "differs"})
    state = state.mask(found["payout_units"].isna(), "no_payout").astype("str")
    incomplete = found["missing"].groupby(level=["account", "settlement_id"]).transform("sum") > 0
    blocked = [(account, settlement) in unproved for account, settlement, _ in found.index]
    found["state"] = state.mask(pd.Series(blocked, found.index, dtype=bool) | incomplete, "not_proved")
    return found.drop(columns="deferred").reset_index().rename(columns={"settlement_currency": "currency"})
