"""Defects of the gates: what operators' commands bring up to date before they call it done."""

from typing import Any, Final

from operations.jobs import lost_batches
from operations.jobs.lost_customers import CustomerStatus
from tests.simulation.mutations.base import one


def _nobody(stack: Any, histories: Any) -> Any:
    return dict.fromkeys(histories, CustomerStatus.RIGHT)


GATES: Final = (one("lost batches counted as done without a look", lost_batches, "bring_up_to_date", _nobody),)
