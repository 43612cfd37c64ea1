"""Win rates from preferences, as AlpacaEval defines them.

A preference is a number from 1 (the baseline's output is better) to 2 (the model's); 1.5 is a tie,
and what lies between is how sure the judge is. Rates are in per cent, and ties count half. Source:
`metrics/helpers.py` and `winrate.py` of tatsu-lab/alpaca_eval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

TIE = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What preferences come to; `win_rate` is None without any, `standard_error` with one.

    `discrete_win_rate` takes a preference for what it is nearer to.
    """

    win_rate: float | None
    standard_error: float | None
    n_wins: int
    n_wins_base: int
    n_draws: int
    n_total: int
    discrete_win_rate: float | None


def rates(preferences: Sequence[float]) -> Rates:
    """Return the rates of the model; each preference is 1 to 2.

    >>> rates([2, 2, 1, 1.5]).win_rate
    62.5
    """
    n = len(preferences)
    wins = sum(one > TIE for one in preferences)
    draws = sum(one == TIE for one in preferences)
    return Rates(
        win_rate=100 * fmean(one - 1 for one in preferences) if n else None,
        standard_error=100 * stdev(preferences) / sqrt(n) if n > 1 else None,
        n_wins=wins,
        n_wins_base=n - wins - draws,
        n_draws=draws,
        n_total=n,
        discrete_win_rate=100 * (wins + draws / 2) / n if n else None,
    )
