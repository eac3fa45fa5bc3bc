"""The example of each problem: the body that its page shows, which tests compare with the code."""

import json
import re
from typing import Any, Final

from contracts.errors import ContractError
from local.environments import ROOT
from shared.http.problems import Problem

Json = dict[str, Any]

_PAGES: Final = ROOT / "docs" / "reference" / "problems"
_BODY: Final = re.compile(r"^```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def problem_example(kind: type[Problem]) -> Json:
    """Return an OpenAPI example of a problem.

    Raises:
        ContractError: The problem has no page, or the page shows no body.
    """
    page = _PAGES / f"{kind.slug}.md"
    body = _BODY.search(page.read_text()) if page.exists() else None
    if body is None:
        raise ContractError(
            f"The problem '{kind.slug}' has no example: docs/reference/problems/{page.name} must show a body as JSON."
        )
    return {"summary": kind.title, "value": json.loads(body[1])}
