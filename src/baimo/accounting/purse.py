"""What one call may spend: at most so much itself, and no more than the budgets that count it have left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from baimo.errors import BudgetError
from baimo.types.chat import ChatRequest
from baimo.types.money import Money

from .budgets import BudgetBook, SetAside, set_aside_all, settle_all
from .estimate import Estimate, Priced, estimate
from .rates import Rates

_USUAL = "CNY"
"""What candidates are compared in where no amount names a currency."""


class CallPurse:
    """Meets `rules.Purse`: asked before every request of one call, and told what came of it.

    A request that failed and may be billed all the same has spent its worst case.
    """

    def __init__(
        self, request: ChatRequest, *, at_most: Money | None, books: Sequence[BudgetBook], rates: Rates
    ) -> None:
        self._request = request
        self._at_most = at_most
        self._books = books
        self._rates = rates
        self._spent: list[Money] = []
        self._held: tuple[SetAside, ...] = ()
        self._worst: Money | None = None
        self._wall = 0.0
        self._known: dict[str, Estimate] = {}

    def cost(self, at: Priced, wall: float) -> float | None:
        """The worst case of a request there, for comparing with others; None: not known."""
        worst = self._estimate(at, wall).high
        if worst is None:
            return None
        told = self._rates.convert(worst, _USUAL if self._at_most is None else self._at_most.currency)
        return None if told is None else float(told.amount)

    def check(self, at: Any, wall: float) -> None:
        """Raise BudgetError where a request there could cost more than is left."""
        settle_all(self._set_aside(at, wall), None, wall=wall, billed=False)

    def take(self, at: Any, wall: float) -> None:
        """Set the worst case of a request aside. Raises as `check`."""
        self._held = self._set_aside(at, wall)
        self._worst = self._estimate(at, wall).high
        self._wall = wall

    def failed(self, *, billed: bool) -> None:
        """The request gave no answer."""
        if billed and self._worst is not None:
            self._spent.append(self._worst)
        self._settle(None, billed=billed)

    def settle(self, response: Any) -> None:
        """The call ended well: in place of what was set aside comes what it cost."""
        self._settle(response.cost, billed=True)

    def close(self) -> None:
        """The call ended otherwise; a request that was out may be billed."""
        self._settle(None, billed=True)

    def _settle(self, cost: Money | None, *, billed: bool) -> None:
        held, self._held = self._held, ()
        settle_all(held, cost, wall=self._wall, billed=billed)

    def _set_aside(self, at: Any, wall: float) -> tuple[SetAside, ...]:
        estimated = self._estimate(at, wall)
        if self._at_most is not None:
            self._check_most(self._at_most, estimated)
        return set_aside_all(
            self._books, estimated.high, wall=wall, model=at.name, key=at.key, why=estimated.why
        )

    def _check_most(self, most: Money, estimated: Estimate) -> None:
        """Raise BudgetError where the call itself may not spend so much more."""
        if estimated.high is None:
            raise BudgetError(
                f"what a request to {estimated.model} can cost is not known, so at_most cannot be kept: "
                f"{estimated.why}",
                hint="Give max_tokens, or a model whose price is known; `baimo models` shows prices.",
            )
        needed = self._rates.in_currency(estimated.high, most.currency)
        spent = sum((self._rates.in_currency(one, most.currency).amount for one in self._spent), start=0)
        left = Money(most.amount - spent, most.currency)
        if needed.amount > left.amount:
            raise BudgetError(
                f"a request to {estimated.model} can cost {needed}, and the call may spend {left}",
                hint="Set a smaller max_tokens, name a cheaper model, or allow more.",
                needed=needed,
                left=left,
            )

    def _estimate(self, at: Priced, wall: float) -> Estimate:
        known = self._known.get(at.name)
        if known is None:
            known = self._known[at.name] = estimate(at, self._request, wall=wall)
        return known
