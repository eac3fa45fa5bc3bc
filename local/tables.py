"""The tables of template.yml as arguments of DynamoDB's CreateTable, so that no test has tables of its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from local.template import load_template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

STAGE = "local"
_TAKEN = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes",
          "LocalSecondaryIndexes", "StreamSpecification")  # fmt: skip
# What has no place in CreateTable, or no meaning off AWS.
_LEFT_OUT = {"PointInTimeRecoverySpecification", "SSESpecification", "DeletionProtectionEnabled", "Tags",
             "TimeToLiveSpecification", "ContributorInsightsSpecification", "TableClass"}  # fmt: skip


def of_template(template: Mapping[str, Any] | None = None) -> dict[str, "CreateTableInputTypeDef"]:
    """Every table of the template for the local stage: name in the template -> arguments of `create_table`.

    Args:
        template: As `load_template` gives it, which is the default.

    Raises:
        ValueError: A table has a property that this module does not know: teach it.
    """
    resources = (template or load_template())["Resources"]
    return {
        name: _arguments(name, resource["Properties"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def named_by(env_file: Path, template: Mapping[str, Any] | None = None) -> dict[str, "CreateTableInputTypeDef"]:
    """The same, under the names that functions get from an env file of `sam local`.

    Args:
        env_file: JSON: function -> variable -> value. Variables that the template fills with a table name count.
        template: As `load_template` gives it, which is the default.
    """
    template = template or load_template()
    tables = of_template(template)
    values = json.loads(env_file.read_text())
    for function, resource in template["Resources"].items():
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        for variable, source in variables.items():
            table = source.get("Ref") if isinstance(source, dict) else None
            if table in tables and variable in values.get(function, {}):
                tables[table]["TableName"] = values[function][variable]
    return tables


def _arguments(name: str, properties: Mapping[str, Any]) -> "CreateTableInputTypeDef":
    if unknown := set(properties) - set(_TAKEN) - _LEFT_OUT:
        raise ValueError(f"{name} has properties that local/tables.py does not know: {', '.join(sorted(unknown))}")
    arguments = {key: _resolved(properties[key]) for key in _TAKEN if key in properties}
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
            return {key: _resolved(item) for key, item in value.items()}
        case list():
            return [_resolved(item) for item in value]
        case _:
            return value
