"""How many customers each country has.

People write a country as they like, so texts are compared without what a reader does not see as a difference: the form
of their characters, white space, and upper and lower case. They are not translated into country codes: a wrong guess
would count a customer where no one lives, and "Germany" and "Deutschland" are for people to tell.
"""

import unicodedata
from typing import Final

from events.customer import Customer
from projections.counting import CountingView, counting_view


def normalised(text: str) -> str:
    """Return a text as it is counted.

    >>> normalised("  United   KINGDOM ")
    'united kingdom'
    """
    # Case folding may leave characters that compose to another one, so they are composed after it.
    folded = unicodedata.normalize("NFC", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def _country_of(customer: Customer) -> str:
    return normalised(customer.country)


COUNTRIES: Final[CountingView] = counting_view("countries", 1, "country", _country_of)
