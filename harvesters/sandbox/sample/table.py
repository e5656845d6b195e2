"""Tables whose rows are made when asked for: any page costs about as much as the page, nothing is kept.

A row depends on its number, the table's name and the day before "today". Chance is drawn per block of rows, so a page
is made from the beginning of its first block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from . import dirt
from .dice import Dice
from .items import Item

Row = list[Any]
#: (row number from 0, chance, yesterday) -> the row's cells in the order of the entry's items.
Maker = Callable[[int, Dice, date], Row]

BLOCK = 500


@dataclass(frozen=True)
class Table:
    """The rows of one entry.

    Cells are JSON values: text, whole or decimal numbers, true/false, null; dates ``YYYY-MM-DD``, times ``HH:MM``,
    moments ``YYYY-MM-DD HH:MM:SS`` in Shanghai's time. Dirty rows hold other things on purpose.
    """

    name: str
    items: tuple[Item, ...]
    total: int
    yesterday: date
    make: Maker
    stains: tuple[dirt.Stain, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stains", dirt.stains(self.items))

    @property
    def columns(self) -> list[str]:
        """Codes of the columns."""
        return [item.code for item in self.items]

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Rows ``start`` to ``stop`` - 1, lazily."""
        stop = self.total if stop is None else min(stop, self.total)
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            first = block * BLOCK
            for number, row in enumerate(self._block(block), first):
                if number >= stop:
                    return
                if number >= start:
                    yield row

    def _block(self, block: int) -> Iterator[Row]:
        dice = Dice(f"{self.name}:{block}")
        for number in range(block * BLOCK, min((block + 1) * BLOCK, self.total)):
            row = self.make(number, dice, self.yesterday)
            if self.stains and dice.chance(dirt.SHARE):
                dice.pick(self.stains)(row, dice)
            yield row
