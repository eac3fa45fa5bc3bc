"""Addresses of the documentation, which has the API's base address before it: a stage, a base path or neither."""


def root_of(route: str, address: str) -> str:
    """Return the API's base address, relative to a page's: empty, or ending with a slash.

    >>> root_of("/docs", "/staging/docs")
    ''
    >>> root_of("/docs", "/staging/docs/")
    '../'

    Args:
        route: The page's path as the API declares it.
        address: The page's path as the browser knows it. A slash at its end makes it one level deeper.
    """
    return "../" * (route.count("/") - 1 + address.endswith("/"))


def documentation_at(base: str, prefix: str = "") -> str:
    """Return the path of the documentation.

    A whole path, because a relative one would depend on whether the request's ended with a slash.

    Args:
        base: The path of the API's root as the caller sent it.
        prefix: What a gateway expects before the path that it passes on.
    """
    return f"{prefix}{base.rstrip('/')}/docs"
