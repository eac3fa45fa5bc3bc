"""What each event writes to the welcome list."""

from consumer_kit import ERASED
from consumers.welcome.welcome_list import SUPPORTED_SCHEMAS, effects
from events.upcasters import MODELS
from tests.unit.consumer_kit.deliveries import CUSTOMER, event

KEY = {"customer_id": {"S": CUSTOMER}, "item": {"S": "welcome"}}


def test_whoever_is_created_or_changed_is_on_the_list_as_they_are_now() -> None:
    for version in (1, 2):
        [effect] = effects("list", event(version))
        values = effect["Update"]["ExpressionAttributeValues"]

        assert (effect["Update"]["TableName"], effect["Update"]["Key"]) == ("list", KEY)
        assert values[":name"] == {"S": f"Ada {version}"}
        assert values[":email"] == {"S": "ada@example.com"}
        assert values[":version"] == {"N": str(version)}


def test_whoever_is_erased_leaves_the_list() -> None:
    assert effects("list", event(3, ERASED)) == [{"Delete": {"TableName": "list", "Key": KEY}}]


def test_a_type_of_later_changes_nothing() -> None:
    assert effects("list", event(3, "CustomerMoved")) == []


def test_it_is_written_for_what_is_published() -> None:
    assert {model.type(): model.schema_version for model in MODELS} == SUPPORTED_SCHEMAS
