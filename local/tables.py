"""The tables of template.yml as arguments of DynamoDB's CreateTable, so that tests use the deployed definitions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from local.template import load_template, with_own_event_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

STAGE: Final = "local"
_COPIED: Final = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes",
          "LocalSecondaryIndexes", "StreamSpecification")  # fmt: skip
# Not arguments of CreateTable, or without meaning outside AWS.
_IGNORED: Final = {"PointInTimeRecoverySpecification", "SSESpecification", "DeletionProtectionEnabled", "Tags",
             "TimeToLiveSpecification", "ContributorInsightsSpecification", "TableClass",
             "OnDemandThroughput"}  # fmt: skip


def from_template(template: Mapping[str, Any] | None = None) -> dict[str, "CreateTableInputTypeDef"]:
    """Every table of the local stage: logical id in the template -> arguments of `create_table`.

    Args:
        template: A result of `load_template`. The default is template.yml.

    Raises:
        ValueError: A table has a property that is in neither `_COPIED` nor `_IGNORED`.
    """
    resources = (template or load_template())["Resources"]
    return {
        name: _arguments(name, resource["Properties"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def from_env_file(env_file: Path, template: Mapping[str, Any] | None = None) -> dict[str, "CreateTableInputTypeDef"]:
    """Like `from_template`, with the table names from an env file of `sam local`.

    Args:
        env_file: JSON: function -> variable -> value. A variable counts if the template sets it to a table's name.
        template: A result of `load_template`. The default is template.yml.
    """
    template = with_own_event_table(template or load_template())
    tables = from_template(template)
    values = json.loads(env_file.read_text())
    for function, resource in template["Resources"].items():
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        for variable, source in variables.items():
            table = source.get("Ref") if isinstance(source, dict) else None
            if table in tables and variable in values.get(function, {}):
                tables[table]["TableName"] = values[function][variable]
    return tables


def _arguments(name: str, properties: Mapping[str, Any]) -> "CreateTableInputTypeDef":
    if unknown := set(properties) - set(_COPIED) - _IGNORED:
        raise ValueError(f"{name} has properties that local/tables.py does not know: {', '.join(sorted(unknown))}")
    arguments = {key: _resolved(properties[key]) for key in _COPIED if key in properties}
    if "StreamSpecification" in arguments:
        arguments["StreamSpecification"]["StreamEnabled"] = True
    return cast("CreateTableInputTypeDef", arguments)


def _resolved(value: Any) -> Any:
    match value:
        case {"Sub": str(text)}:
            return text.replace("${Stage}", STAGE)
        case {"Ref": "Stage"}:
            return STAGE
        case {"If": ["OnAws", _, local]}:
            return _resolved(local)
        case dict():
            # An index has this one too, and DynamoDB Local does not know it.
            return {key: _resolved(item) for key, item in value.items() if key != "OnDemandThroughput"}
        case list():
            return [_resolved(item) for item in value]
        case _:
            return value
