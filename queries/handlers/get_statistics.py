"""GET /statistics/{view}."""

from http import HTTPStatus

from projections.counting import CountingView
from projections.dynamodb_count_transaction import CountTables
from projections.dynamodb_counted_rows import DynamoDbCountedRows
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import reader_for
from projections.views import VIEWS
from queries.get_statistics import CountsReader, get_statistics
from queries.read_your_writes import REAL_CLOCK, parse_read_after
from shared.http.endpoint import endpoint
from shared.http.preconditions import answer_without_etag
from shared.http.request import Request
from shared.http.response import Response
from shared.runtime.clients import dynamodb
from shared.runtime.settings import required
from shared.runtime.signing_keys import keyring_of


def _reader_of(view: CountingView) -> CountsReader:
    rows = DynamoDbCountedRows(CountTables(dynamodb(), required("READ_TABLE")), view)
    return CountsReader(view, rows, DynamoDbGenerations(dynamodb(), required("READ_TABLE"), view))


views = {view.name: _reader_of(view) for view in VIEWS if isinstance(view, CountingView)}
customers = reader_for(dynamodb(), required("READ_TABLE"))
keys = keyring_of(required("SIGNING_SECRET"))


@endpoint(scope="customers/read")
def handle(request: Request) -> Response:
    """Show the counts of a view."""
    read_after = parse_read_after(request.headers, keys)
    if decided := answer_without_etag(request.headers, "Statistics have"):
        return decided
    document = get_statistics(request.path.get("view", ""), views, customers, read_after, REAL_CLOCK)
    return Response(HTTPStatus.OK, document)
