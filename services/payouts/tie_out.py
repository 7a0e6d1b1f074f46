"""The tie-out of a settlement: its lines against the payout that the file itself announces."""

from typing import Literal, get_args

import pandas as pd

from services.store.settlements.line_totals import TWICE

PayoutState = Literal["tied", "differs", "no_payout", "not_proved"]
STATES: tuple[PayoutState, ...] = get_args(PayoutState)


def tie(totals: pd.DataFrame, unproved: frozenset[tuple[str, str]] = frozenset()) -> pd.DataFrame:
    """Per account, settlement and settlement currency: do the lines make the payout?

    `totals`: sums of standing lines, `account`, `settlement_id`, `settlement_currency`, `kind`, `operation_code`,
    `settled_units`, `missing` (of how many the amount is not there); those of kind "twice" count for nothing. `unproved`:
    (account, settlement) of those of which a row could not be read, or a correction waits for a person.

    Columns: `account`, `settlement_id`, `currency`, `lines_units` (all lines but the control totals), `payout_units`
    (positive when the merchant receives, NA when the file names none), `difference_units` (lines minus payout, NA
    without a payout), `missing` (lines without an amount), `state`: one of STATES. A settlement does not tie out while
    the amount of any of its lines, in whatever currency, is not there.

    The payout is the Settlement line; else the total of a payout in parts (Splitting settlement), else its parts
    (Split settlement): each repeats the sum of the others. A settlement whose balance is carried over (Deferred
    settlement) pays nothing: its lines must add up to zero, or to the deferred amount where that repeats the balance.
    """
    keys = ["account", "settlement_id", "settlement_currency"]
    counts = totals["kind"] != TWICE
    missing = totals["missing"].where(counts, 0).astype("int64")
    units = totals["settled_units"].astype("Int64").fillna(0).where(counts, 0)
    units = units.mask((totals["kind"] == "control") & (missing > 0))  # what is announced is not known

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
    # A payout may be written as it leaves HiPay's balance: below zero, and then the file sums to nought. Where the merchant
    # owes, that is a payout above zero: it is believed only of an account that writes another payout so.
    mirrored = (found["payout_units"] == -found["lines_units"]).fillna(False)
    paid = mirrored & (found["lines_units"] > 0)
    turned = paid | (mirrored & paid.groupby(level="account").transform("any"))
    found["payout_units"] = found["payout_units"].mask(turned, found["lines_units"])
    # Where the deferred amount repeats the balance, it is not one of the lines.
    carried = found["payout_units"].isna() & found["deferred"].notna()
    repeats = (carried & (found["lines_units"] == 2 * found["deferred"])).fillna(False)
    found["lines_units"] = found["lines_units"].mask(repeats, 0)
    found["payout_units"] = found["payout_units"].mask(carried, 0)
    found["difference_units"] = found["lines_units"] - found["payout_units"]
    state = found["difference_units"].eq(0).map({True: "tied", False: "differs"})
    state = state.mask(found["payout_units"].isna(), "no_payout").astype("str")
    bare = found["missing"].groupby(level=["account", "settlement_id"]).transform("sum") > 0
    blocked = [(account, settlement) in unproved for account, settlement, _ in found.index]
    found["state"] = state.mask(pd.Series(blocked, found.index, dtype=bool) | bare, "not_proved")
    return found.drop(columns="deferred").reset_index().rename(columns={"settlement_currency": "currency"})
