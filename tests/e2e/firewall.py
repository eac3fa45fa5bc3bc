"""What the stage's web ACL would block of the requests that the end-to-end tests send.

The local AWS has no firewall. On AWS it answers before the API does: a request over one of its limits gets 403,
whatever the test expects. So every request is held against the limits while it is sent, wherever the tests run.

The limits are those of AWS's managed rules (AWS WAF developer guide, "Baseline rule groups") that template.yml leaves
on, and of its own rules for floods.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

import httpx

from local.template import load_template

COMMON: Final = "AWSManagedRulesCommonRuleSet"
KNOWN: Final = "AWSManagedRulesKnownBadInputsRuleSet"
# Rule -> the most bytes that it lets through.
SIZES: Final = {
    "SizeRestrictions_URIPATH": 1024,
    "SizeRestrictions_QUERYSTRING": 2048,
    "SizeRestrictions_Cookie_HEADER": 10_240,
    "SizeRestrictions_BODY": 8192,
}
# Rule -> where it looks, and a pattern of what its description names. AWS does not publish the patterns themselves.
PATTERNS: Final = {
    "GenericLFI_QUERYARGUMENTS": ("query", r"\.\./"),
    "GenericLFI_URIPATH": ("path", r"\.\./"),
    "GenericLFI_BODY": ("body", r"\.\./"),
    "GenericRFI_QUERYARGUMENTS": ("query", r"://\d{1,3}(\.\d{1,3}){3}"),
    "GenericRFI_BODY": ("body", r"://\d{1,3}(\.\d{1,3}){3}"),
    "RestrictedExtensions_URIPATH": ("path", r"\.(log|ini|conf|bak)$"),
    "CrossSiteScripting_BODY": ("body", r"<\s*script"),
    "CrossSiteScripting_QUERYARGUMENTS": ("query", r"<\s*script"),
    "EC2MetaDataSSRF_BODY": ("body", r"169\.254\.169\.254"),
    "Log4JRCE_BODY": ("body", r"\$\{\s*jndi:"),
    "Log4JRCE_HEADER": ("headers", r"\$\{\s*jndi:"),
    "Host_localhost_HEADER": ("host", r"^localhost"),
    "NoUserAgent_HEADER": ("user_agent", r"^$"),
}
# On AWS a path begins with the stage's name; the longest one counts.
LONGEST_STAGE: Final = "/production"


class WouldBeBlocked(AssertionError):
    """The firewall would answer 403 or 429 instead of the API."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The firewall's limits.

    Attributes:
        blocking: Names of the managed rules that block.
        by_address: Requests of one address in `window` seconds, with a token or without.
        by_token: Requests with one token in that time.
        anonymous: Requests of one address without a token in that time.
        window: Seconds.
    """

    blocking: frozenset[str]
    by_address: int
    by_token: int
    anonymous: int
    window: int


@cache
def limits() -> Limits:
    """The limits that template.yml sets."""
    template = load_template()
    rules = {rule["Name"]: rule["Statement"] for rule in template["Resources"]["Firewall"]["Properties"]["Rules"]}
    groups = [each["ManagedRuleGroupStatement"] for each in rules.values() if "ManagedRuleGroupStatement" in each]
    assert {COMMON, KNOWN} <= {each["Name"] for each in groups}
    counted = {
        override["Name"]
        for each in groups
        for override in each.get("RuleActionOverrides", ())
        if "Count" in override["ActionToUse"]
    }
    rates = {name: each["RateBasedStatement"] for name, each in rules.items() if "RateBasedStatement" in each}

    def most(rule: str) -> int:
        limit = rates[rule]["Limit"]
        return int(template["Parameters"][limit["Ref"]]["Default"] if isinstance(limit, dict) else limit)

    return Limits(
        blocking=frozenset({*SIZES, *PATTERNS} - counted),
        by_address=most("flood-by-address"),
        by_token=most("flood-by-token"),
        anonymous=most("flood-without-token"),
        window=max(each["EvaluationWindowSec"] for each in rates.values()),
    )


def blocked_by(request: httpx.Request, base: str, set_limits: Limits) -> list[str]:
    """Return the names of the managed rules that would block a request.

    Args:
        request: The request, addressed to the API.
        base: The API's own path, which differs on the local AWS.
        set_limits: The firewall's limits.
    """
    raw, _, query = request.url.raw_path.decode().partition("?")
    path = LONGEST_STAGE + raw.removeprefix(base)
    body = request.content.decode("utf-8", "replace")
    sizes = {
        "SizeRestrictions_URIPATH": len(path),
        "SizeRestrictions_QUERYSTRING": len(query),
        "SizeRestrictions_Cookie_HEADER": len(request.headers.get("cookie", "")),
        "SizeRestrictions_BODY": len(request.content),
    }
    parts = {
        "path": unquote(path),
        "query": unquote(query),
        "body": body,
        "headers": "\n".join(value for _, value in request.headers.items()),
        # The host is AWS's, whatever it is here.
        "host": "",
        "user_agent": request.headers.get("user-agent", ""),
    }
    over = [rule for rule, size in sizes.items() if size > SIZES[rule]]
    matched = [
        rule
        for rule, (part, pattern) in PATTERNS.items()
        if re.search(pattern, parts[part], re.IGNORECASE | re.MULTILINE)
    ]
    return [rule for rule in (*over, *matched) if rule in set_limits.blocking]


@dataclass(slots=True)
class Watch:
    """Holds the requests of the running tests against the limits.

    Attributes:
        set_limits: The limits.
        clock: Monotonic seconds.
        watching: Whether a test is running whose requests count.
        most: The most requests in a window so far, by kind.
    """

    set_limits: Callable[[], Limits] = limits
    clock: Callable[[], float] = time.monotonic
    watching: bool = False
    most: dict[str, int] = field(default_factory=dict)
    _sent: dict[str, deque[float]] = field(default_factory=dict)

    def inspect(self, request: httpx.Request, base: str) -> None:
        """Record a request, and refuse it if the firewall would.

        Raises:
            WouldBeBlocked: Names the rules.
        """
        if not self.watching:
            return
        found = self.set_limits()
        if rules := blocked_by(request, base, found):
            raise WouldBeBlocked(f"{request.method} {request.url}: {', '.join(rules)} would answer 403")
        token = request.headers.get("authorization", "")
        kinds = {"address": found.by_address, f"token {token}" if token else "anonymous": (
            found.by_token if token else found.anonymous)}  # fmt: skip
        for kind, limit in kinds.items():
            if self._count(kind, found.window) > limit:
                what = kind.split(maxsplit=1)[0]
                raise WouldBeBlocked(f"more than {limit} requests in {found.window} s of one {what}")

    def _count(self, kind: str, window: int) -> int:
        now = self.clock()
        sent = self._sent.setdefault(kind, deque())
        sent.append(now)
        while sent[0] <= now - window:
            sent.popleft()
        name = kind.split(maxsplit=1)[0]
        self.most[name] = max(self.most.get(name, 0), len(sent))
        return len(sent)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch while the block runs."""
        self.watching = True
        try:
            yield
        finally:
            self.watching = False


WATCH: Final = Watch()


def hooks(api: str) -> Mapping[str, list[Callable[[Any], None]]]:
    """The event hooks of a client of the API at an address."""
    base = httpx.URL(api).path
    return {"request": [lambda request: WATCH.inspect(request, base)]}
