"""The person of all documents is the one that the README creates."""

import json

from contracts.openapi.document import FILE
from tests.unit.docs.pages import FIRST_REQUESTS, README


def test_the_example_is_the_answer_that_the_readme_shows() -> None:
    schemas = json.loads(FILE.read_text())["components"]["schemas"]
    [answer] = README.fences("http")
    created = json.loads(answer.partition("\n\n")[2])

    [example] = schemas["Customer"]["examples"]
    assert example == created
    [sent] = schemas["CreateCustomer"]["examples"]
    assert sent.items() <= created.items()
    assert json.loads(FIRST_REQUESTS.fences("http")[0].partition("\n\n")[2]) == created
