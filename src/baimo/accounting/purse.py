"""What one call may spend: its own `at_most` and every budget that counts it, asked before each request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.money import Money

from .budgets import BudgetBook, SetAside, set_aside_all, settle_all
from .estimate import Estimate, Priced, estimate
from .rates import Rates
from .vectors import estimate_vectors


class Place(Priced, Protocol):
    """A deployment, and which key of its provider it is."""

    @property
    def key(self) -> str:
        """The key's name; empty for the only one."""


class CallPurse:
    """The purse of one call: sets the worst case of each request aside, and settles it.

    One request at a time. After the call `close` settles what is open, with the cost where it is known.
    """

    def __init__(
        self,
        request: ChatRequest | EmbedRequest,
        *,
        at_most: Money | None = None,
        budgets: Sequence[BudgetBook] = (),
        rates: Rates | None = None,
    ) -> None:
        own = [] if at_most is None else [BudgetBook(at_most, name="at_most", rates=rates)]
        self._request = request
        self._books: tuple[BudgetBook, ...] = (*own, *budgets)
        self._rates = rates or Rates()
        self._currency = self._books[0].amount.currency if self._books else None
        self._open: tuple[SetAside, ...] = ()
        self._answered: tuple[SetAside, ...] = ()
        """Of requests that were answered, while the call asks once more."""
        self._wall = 0.0
        self._known: tuple[Priced, float, Estimate] | None = None

    def cost(self, at: Priced, wall: float) -> float | None:
        """The most that a request there may cost, for comparing: in the currency of the first amount seen."""
        worst = self._estimate(at, wall).high
        if worst is None:
            return None
        if self._currency is None:
            self._currency = worst.currency
        found = self._rates.convert(worst, self._currency)
        return None if found is None else float(found.amount)

    def check(self, at: Place, wall: float) -> None:
        """Raise BudgetError where a request there could cost more than is left."""
        for book in self._books:
            if book.counts(at.name, at.key):
                found = self._estimate(at, wall)
                book.check(found.high, wall=wall, model=at.name, key=at.key, why=found.why)

    def take(self, at: Place, wall: float) -> None:
        """A request goes there: set its worst case aside. Raises BudgetError, and then nothing is."""
        self._answered += self._open
        self._open, self._wall = (), wall
        if any(book.counts(at.name, at.key) for book in self._books):
            found = self._estimate(at, wall)
            self._open = set_aside_all(
                self._books, found.high, wall=wall, model=at.name, key=at.key, why=found.why
            )

    def failed(self, *, billed: bool) -> None:
        """The request gave no answer: give back what was set aside, unless it may be billed."""
        self._settle(None, billed=billed)

    def close(self, cost: Money | None) -> None:
        """The call is over. What was answered cost so much; None: not known, so all that was set aside."""
        held, self._answered = (*self._answered, *self._open), ()
        self._open = ()
        seen: set[int] = set()
        for one in reversed(held):  # each budget counts the cost once
            is_first = id(one.book) not in seen
            seen.add(id(one.book))
            share = cost if cost is None or is_first else Money(cost.amount * 0, cost.currency)
            settle_all((one,), share, wall=self._wall)

    def _settle(self, cost: Money | None, *, billed: bool) -> None:
        held, self._open = self._open, ()
        settle_all(held, cost, wall=self._wall, billed=billed)

    def _estimate(self, at: Priced, wall: float) -> Estimate:
        """The estimate for a place; kept until another place or another moment is asked for."""
        known = self._known
        if known is None or known[0] is not at or known[1] != wall:
            known = self._known = (at, wall, self._estimated(at, wall))
        return known[2]

    def _estimated(self, at: Priced, wall: float) -> Estimate:
        if isinstance(self._request, ChatRequest):
            return estimate(at, self._request, wall=wall)
        return estimate_vectors(at, self._request, wall=wall)
