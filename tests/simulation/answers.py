"""Checks the API's responses against the truth: I1, I3 and I8 as a caller sees them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from events import store
from tests.samples import PERSONAL_FIELDS
from tests.simulation.invariants import Invariants, require
from tests.simulation.oracle import Oracle, Person, parsed

if TYPE_CHECKING:
    from tests.simulation.clients import Intent

Headers = Mapping[str, str]


class Answers:
    """Checks every response when it is given.

    Attributes:
        calm: Whether nothing may fail any more.
    """

    def __init__(self, oracle: Oracle, invariants: Invariants) -> None:
        self.calm = False
        self._oracle = oracle
        self._invariants = invariants

    def check_write(self, intent: "Intent", status: int, body: str, headers: Headers, *, repairs: int) -> None:
        """Check the response to a command.

        Args:
            status: The HTTP status.
            body: The response body.
            headers: The response headers.
            repairs: How many repairs of events had happened when the request was sent.
        """
        if status >= 300:
            self._invariants.leaves("an error body", body + repr(headers))
        if status >= 500:
            unread = self._could_not_be_read(intent.customer_id, repairs)
            self._trouble(status, body, excused=unread and intent.operation != "erase")
        elif status >= 400:
            self._refusal(intent, status, body)
        elif status == 204:
            self._erased(intent)
        else:
            self._written(intent, status, body, headers)
        self._one_event(intent, status)

    def _written(self, intent: "Intent", status: int, body: str, headers: Headers) -> None:
        shown = parsed(body)
        person = self._person(shown["id"])
        version = shown["version"]
        what = f"{intent.operation} of {shown['id']}"
        require(person and 1 <= version <= person.version, "I1", f"{what} was acknowledged and is not stored")
        if person is None:
            return
        require(person.documents[version - 1] == shown, "I1", f"{what}: version {version} is not as acknowledged")
        if intent.body:
            asked = {name: shown[name] for name in PERSONAL_FIELDS}
            require(asked == intent.body, "I1", f"{what}: acknowledged as something else")
        require(headers["ETag"] == f'"{version}"', "I3", f"{what}: the ETag is {headers['ETag']}")
        require("Consistency-Token" in headers, "RYW", f"{what}: no Consistency-Token")
        if intent.seen is not None and self.caused(intent):
            caused = self.caused(intent)
            require(caused and caused[1] == intent.seen + 1, "I3", f"{what} onto {intent.seen} made {caused}")
        if intent.answered and intent.answered[0] < 300:
            require(intent.answered == (status, body), "I3", f"{what}: another answer than the first time")

    def _erased(self, intent: "Intent") -> None:
        person = self._person(intent.customer_id)
        require(person and person.erased_at, "I1", f"the erasure of {intent.customer_id} is not stored")
        self._invariants.is_being_forgotten(intent.customer_id, store.MOST_REDACTED_AT_ONCE)

    def _refusal(self, intent: "Intent", status: int, body: str) -> None:
        person = self._person(intent.customer_id)
        what = f"{intent.operation} of {intent.customer_id or 'a new customer'} was refused with {status}"
        caused = self.caused(intent)
        gone = caused is not None and self._oracle.people[caused[0]].erased_at
        if not intent.reuses:
            require(caused is None or gone, "I3", f"{what}, and it is stored as {caused}")
        match status:
            case 404:
                require(person is None or person.erased_at, "I1", f"{what}, and they exist")
            case 409:
                require(intent.body, "I3", what)
            case 410:
                require(gone or intent.reuses, "I3", what)
            case 412:
                seen = intent.seen or 0
                require(person and person.version > seen, "I3", f"{what}, and {seen} is the newest version")
            case 422:
                require(intent.reuses, "I3", f"{what}: {body}")
            case _:
                require(holds=False, rule="ERRORS", what=f"{what}: {body}")

    def _could_not_be_read(self, customer_id: str, repairs: int) -> bool:
        """Whether our code could not read one of a customer's events at some time since a number of repairs.

        A command that read such an event before its repair may answer after it.
        """
        person = self._person(customer_id)
        return person is not None and bool(person.poisoned_at or person.repaired_at > repairs)

    def _trouble(self, status: int, body: str, *, excused: bool) -> None:
        """A server error. An unreadable event is no excuse for not erasing a customer."""
        require(excused or not self.calm, "ERRORS", f"{status} although nothing fails: {body}")
        require(excused or status == 503, "ERRORS", f"{status} for a passing trouble: {body}")

    def _one_event(self, intent: "Intent", status: int) -> None:
        if not intent.is_recognisable:
            return
        found = {self._oracle.requests[each] for each in intent.requests if each in self._oracle.requests}
        require(len(found) <= 1, "I3", f"{intent.operation} caused {sorted(found)}")
        if intent.key and status in (200, 201) and not intent.reuses:
            require(found, "I3", f"{intent.operation} with a key left no event")

    def caused(self, intent: "Intent") -> tuple[str, int] | None:
        """The event that a command caused."""
        found = (self._oracle.requests.get(request) for request in intent.requests)
        return next((event for event in found if event), None)

    def _person(self, customer_id: str) -> Person | None:
        return self._oracle.people.get(customer_id)

    # Reads.

    def check_read(self, customer_id: str, awaited: int, status: int, body: str) -> None:
        """Check the response to a GET of one customer.

        Args:
            customer_id: The customer's id.
            awaited: The version that it must contain; 0 for any.
            status: The HTTP status.
            body: The response body.
        """
        person = self._person(customer_id)
        if status >= 300:
            self._invariants.leaves("an error body", body)
        if status >= 500:
            unread = self._could_not_be_read(customer_id, self._oracle.repairs)
            self._trouble(status, "" if self._may_lag(person) else body, excused=unread)
        elif status == 404:
            known = person is not None and not person.erased_at and awaited
            require(not known, "RYW", f"a false 404 for {customer_id}, of whom version {awaited} was written")
        else:
            require(status == 200, "ERRORS", f"GET answers {status}: {body}")
            self.is_true(parsed(body), awaited)

    def is_true(self, shown: Mapping[str, Any], awaited: int) -> None:
        """Check that a document is right for its version, and not too old."""
        person = self._person(shown["id"])
        version = shown["version"]
        require(person and person.documents[version - 1] == shown, "I5", f"{shown['id']} is read wrongly")
        require(version >= awaited, "RYW", f"{shown['id']} is read at {version} after {awaited} was written")

    def _may_lag(self, person: Person | None) -> bool:
        return person is None or bool(person.poisoned_at)
