"""The keys under which the read table has the items of several views.

The customers' view has its customers' ids as keys, as it had before there were other views. The items of another view
have its name in front, and another attribute for the version. So a release that knows one view alone neither finds nor
counts them: it looks for ids, and scans for items with a `version`. No customer id begins with '#'.
"""

from typing import TYPE_CHECKING

from projections.view import View

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def key_of_row(view: View, customer_id: str, generation: int) -> "dict[str, AttributeValueTypeDef]":
    """Return the key of a row's item."""
    return item_key(f"{rows_prefix(view)}{customer_id}", generation)


def rows_prefix(view: View) -> str:
    """Return what is in front of the customer's id in the keys of rows."""
    return "" if view.has_plain_keys else f"#{view.name}#"


def version_attribute(view: View) -> str:
    """Return the name of the attribute that has a row's version. Only rows have it."""
    return "version" if view.has_plain_keys else "view_version"


def key_of_generations(view: View) -> "dict[str, AttributeValueTypeDef]":
    """Return the key of the record of generations."""
    return item_key("#generations" if view.has_plain_keys else f"#generations#{view.name}", 0)


def key_of_checkpoint(view: View, job: str, segment: int) -> "dict[str, AttributeValueTypeDef]":
    """Return the key of a segment's checkpoint."""
    return item_key(f"#{job}" if view.has_plain_keys else f"#{view.name}#{job}", segment)


def item_key(name: str, number: int) -> "dict[str, AttributeValueTypeDef]":
    """Return the key of any item of the read table."""
    return {"customer_id": {"S": name}, "generation": {"N": str(number)}}
