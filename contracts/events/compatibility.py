"""Whether a published schema may be replaced by another under the same version.

Consumers hold the schema of a version and read every event that names it, also those that were published or stored
before a change. So a version may only gain optional properties and better words; whatever else it says, stays.
"""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

# Says nothing about what is valid. JSON Schema 2020-12, "A Vocabulary for Basic Meta-Data Annotations", and names.
ANNOTATIONS: Final = frozenset({"$comment", "$id", "$schema", "deprecated", "description", "examples", "title"})
# Hold schemas by name; the others are compared as they stand.
_NAMED: Final = frozenset({"$defs", "properties"})
_LOOKED_INTO: Final = _NAMED | {"items", "required"}


def breaking_changes(released: Schema, now: Schema, at: str = "data") -> list[str]:
    """What would break a consumer.

    Args:
        released: The schema as it was published.
        now: The schema that is to take its place, under the same version.
        at: Where in the data the two stand.

    Returns:
        A sentence for each change; none when all of them are harmless.
    """
    keywords = sorted((released.keys() | now.keys()) - ANNOTATIONS - _LOOKED_INTO)
    changed = [
        f"{at}: {keyword} was {_told(released, keyword)} and is {_told(now, keyword)}"
        for keyword in keywords
        if released.get(keyword) != now.get(keyword)
    ]
    return [*changed, *_within(released, now, at), *_presence(released, now, at)]


def _within(released: Schema, now: Schema, at: str) -> list[str]:
    found: list[str] = []
    for holder in sorted(_NAMED):
        before, after = released.get(holder, {}), now.get(holder, {})
        found += [f"{at}.{name} is gone" for name in before if name not in after]
        for name in before:
            if name in after:
                found += breaking_changes(before[name], after[name], f"{at}.{name}")
    if "items" in released or "items" in now:
        found += breaking_changes(released.get("items", {}), now.get("items", {}), f"{at}[]")
    return found


def _presence(released: Schema, now: Schema, at: str) -> list[str]:
    before, after = set(released.get("required", ())), set(now.get("required", ()))
    still_there = now.get("properties", {}).keys()
    absent = [f"{at}.{name} may be missing now" for name in sorted((before - after) & still_there)]
    demanded = [f"{at}.{name} is required now, and events of this version lack it" for name in sorted(after - before)]
    return [*absent, *demanded]


def _told(schema: Schema, keyword: str) -> str:
    return repr(schema[keyword]) if keyword in schema else "absent"
