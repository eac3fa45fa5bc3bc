"""Checks whether a published schema may be replaced by another one with the same version.

Consumers use the schema of a version for every event that names the version, including events that were published or
stored before a change. So a version may only gain optional properties and better descriptions.
"""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

# Keywords that do not affect validation: JSON Schema 2020-12, "A Vocabulary for Basic Meta-Data Annotations", and ids.
ANNOTATIONS: Final = frozenset({"$comment", "$id", "$schema", "deprecated", "description", "examples", "title"})
# Keywords that hold schemas by name; all others are compared by value.
_NAMED: Final = frozenset({"$defs", "properties"})
_COMPARED_DEEPLY: Final = _NAMED | {"items", "required"}


def breaking_changes(released: Schema, now: Schema, at: str = "data") -> list[str]:
    """List the changes that would break a consumer.

    Args:
        released: The published schema.
        now: The schema that would replace it, with the same version.
        at: The path of the two schemas in the event.

    Returns:
        A sentence for each breaking change; empty when every change is harmless.
    """
    keywords = sorted((released.keys() | now.keys()) - ANNOTATIONS - _COMPARED_DEEPLY)
    changed = [
        f"{at}: {keyword} was {_shown(released, keyword)} and is {_shown(now, keyword)}"
        for keyword in keywords
        if released.get(keyword) != now.get(keyword)
    ]
    return [*changed, *_within(released, now, at), *_presence(released, now, at)]


def _within(released: Schema, now: Schema, at: str) -> list[str]:
    found: list[str] = []
    for holder in sorted(_NAMED):
        before, after = released.get(holder, {}), now.get(holder, {})
        found += [f"{at}.{name} was removed" for name in before if name not in after]
        for name in before:
            if name in after:
                found += breaking_changes(before[name], after[name], f"{at}.{name}")
    if "items" in released or "items" in now:
        found += breaking_changes(released.get("items", {}), now.get("items", {}), f"{at}[]")
    return found


def _presence(released: Schema, now: Schema, at: str) -> list[str]:
    before, after = set(released.get("required", ())), set(now.get("required", ()))
    still_there = now.get("properties", {}).keys()
    absent = [f"{at}.{name} is no longer required" for name in sorted((before - after) & still_there)]
    demanded = [
        f"{at}.{name} is now required, but events of this version do not have it" for name in sorted(after - before)
    ]
    return [*absent, *demanded]


def _shown(schema: Schema, keyword: str) -> str:
    return repr(schema[keyword]) if keyword in schema else "absent"
