"""Projects a batch of the stream into every view, each by itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from events.envelope import Recorded
from projections.generations import GenerationStore
from projections.projector import ProjectionReport, Projector
from projections.view import View

OnError = Callable[[View, Exception], None]


@dataclass(frozen=True, slots=True)
class FedView:
    """A view and what keeps it up to date.

    Attributes:
        generations: The view's record.
    """

    view: View
    projector: Projector
    generations: GenerationStore


@dataclass(frozen=True, slots=True)
class ViewOutcome:
    """What happened to a batch in one view.

    Attributes:
        reports: One for each fed generation, in the order of writing; the last one is read. Empty after an error.
        uncleared: Erased customers who are not yet removed from every other generation, with the kind of failure.
        error: What kept the view from being projected to the end; None if nothing did.
    """

    view: View
    reports: Sequence[ProjectionReport] = ()
    uncleared: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def failed(self) -> set[str]:
        """Customers whose events must be delivered again."""
        return {customer_id for report in self.reports for customer_id in report.failed} | self.uncleared.keys()


def project_all(views: Iterable[FedView], records: Sequence[Recorded], on_error: OnError) -> list[ViewOutcome]:
    """Project a batch into every view. What fails in one does not keep the others from being projected.

    Args:
        on_error: Called with each error that ends a view's projection.

    Returns:
        One outcome for each view, in the same order. It is always safe to project the batch again.
    """
    return [_project(each, records, on_error) for each in views]


def _project(fed_view: FedView, records: Sequence[Recorded], on_error: OnError) -> ViewOutcome:
    try:
        fed = fed_view.generations.load().fed
        reports = fed_view.projector.project_into(records, fed)
        return ViewOutcome(fed_view.view, reports, fed_view.projector.clear_elsewhere(records, fed))
    except Exception as error:  # noqa: BLE001 - no error of one view may stop the others
        on_error(fed_view.view, error)
        return ViewOutcome(fed_view.view, error=error)
