"""Helpers of the lists of actions."""

PASS = {"PassRoles": ("iam:PassRole",)}
TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def of(service: str, *actions: str) -> tuple[str, ...]:
    """Return complete action names.

    >>> of("sqs", "CreateQueue")
    ('sqs:CreateQueue',)
    """
    return tuple(f"{service}:{action}" for action in actions)
