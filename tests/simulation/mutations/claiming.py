"""Defects of the comparison of claims with events."""

from typing import Any, Final

from operations.jobs.claims.dynamodb_table import DynamoDbClaims
from operations.jobs.claims.verifier import ClaimVerifier
from tests.simulation.mutations.base import Mutation, one

_check = DynamoDbClaims._no_newer_event


def _without_a_check(self: Any, claim: Any, holder: Any, to: Any) -> Any:
    """One write on no condition."""
    key = {"TableName": self._table, "Key": {"claim": {"S": claim}}}
    if to is None:
        self._client.delete_item(**key)
    else:
        item = {"claim": {"S": claim}, "customer_id": {"S": to.customer_id}}
        self._client.put_item(TableName=self._table, Item=item)
    return True


def _some_version(self: Any, customer: Any) -> Any:
    check = _check(self, customer)
    check["ConditionCheck"]["Key"]["version"] = {"N": "999999"}
    return check


def _once(self: Any, standings: Any, compare: Any) -> Any:
    return list(compare(standings).values())


def _blind(self: Any, standings: Any) -> Any:
    return {}


CLAIMS: Final = (
    Mutation("a claim repaired after one look and on no condition", (
        *one("", ClaimVerifier, "_confirm", _once).changes, *one("", DynamoDbClaims, "move", _without_a_check).changes,
    )),
    Mutation("a claim repaired after one look, whatever happened to its customer", (
        *one("", ClaimVerifier, "_confirm", _once).changes,
        *one("", DynamoDbClaims, "_no_newer_event", _some_version).changes,
    )),
    one("customers not compared with their claims", ClaimVerifier, "_compare_customers", _blind),
    one("claims not compared with their holders", ClaimVerifier, "_compare_claims", _blind),
)  # fmt: skip
