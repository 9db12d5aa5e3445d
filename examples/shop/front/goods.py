"""What the shop sells."""

from typing import Final

from attrs import frozen


@frozen
class Good:
    """Something to buy.

    Attributes:
        name: Its name.
        price: Its price, as text.
        text: A line about it.
        stock: How many are there.
    """

    name: str
    price: str
    text: str
    stock: int


GOODS: Final = (
    Good("Kettle", "€ 39", "Whistles when the water boils.", 12),
    Good("Teapot", "€ 28", "Holds four cups, and pours without a drop.", 7),
    Good("Cup", "€ 9", "Keeps its color in the dishwasher.", 140),
)
