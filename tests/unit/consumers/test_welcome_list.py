"""What each event writes to the welcome list."""

from consumer_kit import ERASED
from consumers.welcome.welcome_list import SUPPORTED_SCHEMAS, effects
from events.upcasters import MODELS
from tests.unit.consumer_kit.deliveries import CUSTOMER, event

KEY = {"customer_id": {"S": CUSTOMER}, "item": {"S": "welcome"}}


def test_a_created_or_updated_customer_is_listed_with_their_current_details() -> None:
    for version in (1, 2):
        [effect] = effects("list", event(version))
        values = effect["Update"]["ExpressionAttributeValues"]

        assert (effect["Update"]["TableName"], effect["Update"]["Key"]) == ("list", KEY)
        assert values[":name"] == {"S": f"Ada {version}"}
        assert values[":email"] == {"S": "ada@example.com"}
        assert values[":version"] == {"N": str(version)}


def test_an_erased_customer_is_removed() -> None:
    assert effects("list", event(3, ERASED)) == [{"Delete": {"TableName": "list", "Key": KEY}}]


def test_an_unknown_type_has_no_effects() -> None:
    assert effects("list", event(3, "CustomerMoved")) == []


def test_the_supported_schemas_are_the_published_ones() -> None:
    assert {model.type(): model.published_version for model in MODELS} == SUPPORTED_SCHEMAS
