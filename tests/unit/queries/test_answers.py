"""The answers of the read side in full: headers, status, sentences and pauses."""

import json
from http import HTTPStatus

import pytest

from local.environments import ROOT
from projections.generations import Generations
from projections.read_model import Reader
from projections.row import Listing, Row
from queries.api_docs.documents import Documents, SignIn
from queries.cursor import Cursor, decode_cursor, encode_cursor
from queries.get_all_customers import GetAllCustomers, get_all_customers, parse_query
from queries.get_customer import get_customer
from queries.read_your_writes import Clock, ReadAfter, parse_read_after, wait_for
from shared.http.consistency import ConsistencyToken
from shared.http.problems import InvalidFields, NotFound, NotYetReadable
from shared.runtime.signing import sign
from tests.fakes.read_model import InMemoryGenerations, InMemoryReadModel
from tests.fakes.signing_keys import KEYS

SIGN_IN = SignIn("client-1", "https://auth.example.com/authorize", "https://auth.example.com/token")
STILL = Clock(now=lambda: 0.0, sleep=lambda _: None)
FLOWS = {
    "authorizationCode": {"tokenUrl": "t", "authorizationUrl": "a", "scopes": {}},
    "clientCredentials": {"tokenUrl": "t", "scopes": {}},
}
DESCRIPTION = json.dumps(
    {"info": "Ž", "components": {"securitySchemes": {"oauth": {"flows": FLOWS}}}}, ensure_ascii=False
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HTML, SCRIPT, STYLE = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8"


@pytest.fixture
def documents() -> Documents:
    return Documents(DESCRIPTION, ROOT / "docs/reference/problems")


def security(token_origin: str = "") -> dict[str, str]:
    return {
        "Content-Security-Policy": POLICY.format(token_origin),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


class TestDocuments:
    def test_the_page(self, documents: Documents) -> None:
        page = documents.page(SIGN_IN, "")

        assert (page.status, page.content_type) == (HTTPStatus.OK, HTML)
        assert page.headers == security(" https://auth.example.com")

    def test_the_description_has_the_addresses_of_every_flow(self, documents: Documents) -> None:
        answer = documents.openapi(SIGN_IN)
        served = json.loads(answer.body)

        assert (answer.status, answer.content_type) == (HTTPStatus.OK, "application/json")
        assert "Ž" in answer.body
        assert served["components"]["securitySchemes"]["oauth"]["flows"] == {
            "authorizationCode": {"tokenUrl": SIGN_IN.token, "authorizationUrl": SIGN_IN.authorize, "scopes": {}},
            "clientCredentials": {"tokenUrl": SIGN_IN.token, "scopes": {}},
        }

    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("page.css", STYLE), ("favicon.svg", "image/svg+xml"), ("page.js", SCRIPT), ("sign-in.js", SCRIPT),
            ("operation.js", SCRIPT), ("request.js", SCRIPT), ("elements.js", SCRIPT),
        ],
    )  # fmt: skip
    def test_each_file(self, documents: Documents, name: str, content_type: str) -> None:
        answer = documents.file(name)

        assert (answer.status, answer.content_type) == (HTTPStatus.OK, content_type)
        assert answer.headers == {**security(), "Cache-Control": answer.headers["Cache-Control"]}
        assert "max-age" in answer.headers["Cache-Control"]
        assert answer.body


class TestList:
    def test_each_wrong_parameter_has_its_sentence(self) -> None:
        with pytest.raises(InvalidFields) as refused:
            parse_query({"limit": "0", "cursor": "x"}, KEYS)

        assert [(each.field, each.detail) for each in refused.value.errors] == [
            ("limit", "limit must be a whole number from 1 to 100."),
            ("cursor", "cursor must be a next_cursor of this list: start again without a cursor."),
        ]

    def test_the_cursor_of_a_generation_that_is_not_read_any_more_has_expired(self) -> None:
        generations = InMemoryGenerations()
        generations.saved = Generations(active=3, newest=3)
        query = GetAllCustomers(cursor=Cursor(1, "2026#a"))

        with pytest.raises(InvalidFields) as refused:
            get_all_customers(query, Reader(InMemoryReadModel(), generations), KEYS, None, STILL)

        assert [(each.field, each.detail) for each in refused.value.errors] == [
            ("cursor", "cursor has expired: start again without a cursor.")
        ]

    def test_two_more_rows_than_shown_are_read_and_the_ids_of_those_shown_are_named(self) -> None:
        """One tells whether there is a next page, and one may be of a customer who was erased meanwhile."""
        asked: list[int] = []

        class Watched(InMemoryReadModel):
            def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
                asked.append(limit)
                return super().page(generation, limit, after)

        rows = Watched()
        for number in range(5):
            rows.stored[f"c#{number}", 1] = Row(f"c#{number}", 1, 1, Listing("{}", f"2026-{number}#c-{number}"))

        page = get_all_customers(GetAllCustomers(limit=2), Reader(rows, InMemoryGenerations()), KEYS, None, STILL)

        assert asked == [4]
        assert page.ids == ["c-4", "c-3"]

    def test_a_cursor_is_as_short_as_it_can_be(self) -> None:
        """It is part of a URL."""
        cursor = Cursor(2, "2026#a")
        text = encode_cursor(cursor, KEYS)

        assert decode_cursor(text, KEYS) == cursor
        assert text == sign("GET /customers newest-first 2", b'[2,"2026#a"]', KEYS)


class TestReadYourWrites:
    def test_a_token_that_no_write_returned_has_its_sentence(self) -> None:
        with pytest.raises(InvalidFields) as refused:
            parse_read_after({"consistency-token": "x"}, KEYS)

        assert [(each.field, each.detail) for each in refused.value.errors] == [
            ("Consistency-Token", "Consistency-Token must be a token that a write returned.")
        ]

    def test_the_pauses_double_up_to_a_quarter_of_a_second_and_end_with_the_time(self) -> None:
        time, pauses = [10.0], []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            time[0] += seconds

        with pytest.raises(NotYetReadable):
            wait_for(ReadAfter(ConsistencyToken("a", 1), 1), InMemoryReadModel(), 1, Clock(lambda: time[0], sleep))

        assert pauses[:6] == [0.02, 0.04, 0.08, 0.16, 0.25, 0.25]
        assert sum(pauses) == pytest.approx(1.0)

    def test_a_text_that_cannot_be_an_id_is_not_read_at_all(self) -> None:
        rows = InMemoryReadModel()
        rows.get = None  # type: ignore[method-assign,assignment]

        with pytest.raises(NotFound):
            get_customer("nope", Reader(rows, InMemoryGenerations()), None, STILL)
