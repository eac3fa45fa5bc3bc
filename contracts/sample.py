"""The sample customer of all documents, who is the one that the README creates: a value for each field, as JSON has it.

The fields themselves come from the models. A required field needs a value here; an optional one without a value is
shown with its default, or left out if that is None, as in events and responses.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from contracts.errors import ContractError

SAMPLE: Final[Mapping[str, Any]] = {
    "id": "87f0b84d-c54f-5691-b0ab-c2122ab8aa8b",
    "full_name": "Ada Lovelace",
    "email": "ada@example.com",
    "birth": "1990-05-17",
    "city": "London",
    "country": "United Kingdom",
    "version": 1,
    "created_at": "2026-11-22T22:07:58.300063Z",
    "updated_at": "2026-11-22T22:07:58.300063Z",
}


class SampleMissing(ContractError):
    """A required field has no sample value."""


def sample_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a sample of a model, ready for JSON.

    Raises:
        SampleMissing: A required field has no value in `SAMPLE`.
    """
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in SAMPLE:
            values[name] = SAMPLE[name]
        elif field.is_required():
            raise SampleMissing(
                f"The field '{name}' of {model.__name__} has no sample value: add one to SAMPLE in contracts/sample.py."
            )
        elif (default := field.get_default(call_default_factory=True, validated_data=values)) is not None:
            values[name] = to_jsonable_python(default)
    return values
