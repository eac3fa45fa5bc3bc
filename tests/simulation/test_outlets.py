"""How an invocation of the simulation may end."""

import pytest
from botocore.exceptions import ReadTimeoutError

from projections.read_model import ReadModelBusy
from tests.simulation.errors import refused
from tests.simulation.invariants import Invariants
from tests.simulation.oracle import Oracle
from tests.simulation.outlets import Outlets
from tests.simulation.signals import Violation
from tests.simulation.tables import our_tables


class Ends(Outlets):
    def __init__(self) -> None:
        self.invariants = Invariants(Oracle(), {table.name: table for table in our_tables()})

    def trace(self, *what: object) -> None: ...


@pytest.mark.parametrize(
    "error", [refused("InternalServerError", "query"), ReadTimeoutError(endpoint_url=""), ReadModelBusy()]
)
def test_a_failing_service_may_end_an_invocation(error: Exception) -> None:
    Ends().function_failed(error)


@pytest.mark.parametrize("error", [TypeError("too many arguments"), KeyError("version")])
def test_a_bug_of_ours_may_not(error: Exception) -> None:
    with pytest.raises(Violation, match="an invocation ended with"):
        Ends().function_failed(error)
