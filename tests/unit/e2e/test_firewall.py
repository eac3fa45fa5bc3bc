"""The model of the firewall that the end-to-end tests are held against."""

import httpx
import pytest

from tests.e2e.firewall import LONGEST_STAGE, Limits, Watch, WouldBeBlocked, blocked_by, limits

API = "https://abc.execute-api.eu-west-1.amazonaws.com/staging"


def request(path: str = "/customers", content: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Request:
    sent = {"user-agent": "tests"} | (headers or {})
    return httpx.Request("POST", f"{API}{path}", content=content, headers=sent)


def rules(sent: httpx.Request) -> list[str]:
    return blocked_by(sent, "/staging", limits())


def path_of(length: int) -> str:
    return "/customers/" + "a" * (length - len(f"{LONGEST_STAGE}/customers/"))


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (request(path_of(1024)), []),
        (request(path_of(1025)), ["SizeRestrictions_URIPATH"]),
        (request(f"/customers?cursor={'a' * 2041}"), []),
        (request(f"/customers?cursor={'a' * 2042}"), ["SizeRestrictions_QUERYSTRING"]),
        (request("/customers?cursor=../.."), ["GenericLFI_QUERYARGUMENTS"]),
        (request("/customers?cursor=%2E%2E%2F"), ["GenericLFI_QUERYARGUMENTS"]),
        (request("/customers/..%2F..%2Fetc"), ["GenericLFI_URIPATH"]),
        (request("/customers?next=http://10.0.0.1/x"), ["GenericRFI_QUERYARGUMENTS"]),
        (request(content=b'{"full_name": "<script>alert(1)</script>"}'), ["CrossSiteScripting_BODY"]),
        (request(content=b'{"city": "${jndi:ldap://x}"}'), ["Log4JRCE_BODY"]),
        (request(headers={"cookie": "a" * 10_241}), ["SizeRestrictions_Cookie_HEADER"]),
    ],
)
def test_a_managed_rule_blocks_what_its_description_says(sent: httpx.Request, found: list[str]) -> None:
    assert rules(sent) == found


def test_rules_that_the_template_only_counts_block_nothing() -> None:
    assert rules(request(content=b"a" * 8193)) == []
    assert not {"SizeRestrictions_BODY", "NoUserAgent_HEADER"} & limits().blocking


def test_the_limits_are_the_template_s() -> None:
    found = limits()

    assert {"SizeRestrictions_URIPATH", "SizeRestrictions_QUERYSTRING", "GenericLFI_BODY"} <= found.blocking
    assert (found.by_address, found.by_token, found.anonymous, found.window) == (60_000, 30_000, 3_000, 300)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


FEW = Limits(frozenset(), by_address=5, by_token=3, anonymous=2, window=300)


def test_a_flood_is_found_by_token_by_address_and_without_a_token() -> None:
    for headers, allowed, named in (({"authorization": "Bearer a"}, 3, "token"), ({}, 2, "anonymous")):
        watch = Watch(lambda: FEW, Clock(), watching=True)
        for _ in range(allowed):
            watch.inspect(request(headers=headers), "/staging")
        with pytest.raises(WouldBeBlocked, match=named):
            watch.inspect(request(headers=headers), "/staging")
    watch = Watch(lambda: FEW, Clock(), watching=True)
    for token in range(5):
        watch.inspect(request(headers={"authorization": f"Bearer {token}"}), "/staging")
    with pytest.raises(WouldBeBlocked, match="address"):
        watch.inspect(request(headers={"authorization": "Bearer 6"}), "/staging")


def test_requests_of_an_earlier_window_do_not_count() -> None:
    clock = Clock()
    watch = Watch(lambda: FEW, clock, watching=True)
    for _ in range(10):
        watch.inspect(request(), "/staging")
        clock.now += 151

    assert watch.most == {"address": 2, "anonymous": 2}


def test_requests_outside_the_end_to_end_tests_do_not_count() -> None:
    watch = Watch(lambda: FEW, Clock())
    for _ in range(10):
        watch.inspect(request("/customers?cursor=../.."), "/staging")

    assert watch.most == {}
