"""A customer whose versions have a gap, after a repair by hand for example, is erased by the versions that exist."""

from commands.erase_customer import EraseCustomer, decide
from commands.handling import Decision
from events.claims import release_all
from events.customer import CustomerErased
from events.history import BrokenHistory, fold_or_report
from tests.samples import history
from tests.unit.commands.scenario import CUSTOMER


def test_the_versions_that_exist_are_redacted_and_no_others() -> None:
    first, _, third, _, fifth = history(CUSTOMER, 5)
    broken = fold_or_report([first, third, fifth])

    assert isinstance(broken, BrokenHistory)
    assert (broken.versions, broken.version) == ((1, 3, 5), 5)
    assert decide(EraseCustomer(), broken) == Decision(CustomerErased(), release_all(broken.emails), (1, 3, 5))
