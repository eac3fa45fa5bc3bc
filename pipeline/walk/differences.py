"""How the local AWS differs from AWS, and how the walk adapts to it. The walk prints each difference."""

from collections.abc import Iterator, Mapping
from typing import Any

from local import deployment

Template = dict[str, Any]
# Resource types that the local AWS rejects, and bucket policies: they refuse plain HTTP, which the local AWS speaks.
UNSUPPORTED = (
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CodeConnections::",
    "AWS::CodeDeploy::",
    "AWS::CodePipeline::",
    "AWS::Events::Archive",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
    "AWS::WAFv2::",
)
# Outside the stage `local`, the API's description has AWS's own sign-in addresses, not those of the local AWS.
SKIPPED_TESTS = ("tests/e2e/test_docs.py::test_the_description_leads_back_to_the_stack",)


def parameters(declared: Mapping[str, Any], endpoint: str, python: str) -> dict[str, str]:
    """Return the parameters that need other values on the local AWS, limited to those that the template declares.

    Args:
        declared: Parameters of the template.
        endpoint: Address of the local AWS.
        python: Python version of the local AWS's functions, such as "3.13".
    """
    local = {
        "StreamMappingsEnabled": "false",
        "LocalEndpoint": endpoint,
        "Runtime": f"python{python}",
        "Architecture": deployment.architecture(),
        "GradualDeployment": "false",
    }
    return {name: value for name, value in local.items() if name in declared}


def without_unsupported(template: Template) -> tuple[Template, list[str]]:
    """Remove unsupported resources and their outputs, and reduce alarms on sums to a single metric.

    Returns:
        The changed template, and the logical ids of the removed resources.
    """
    removed = {name for name, each in template["Resources"].items() if each["Type"].startswith(UNSUPPORTED)}
    resources = {name: _with_single_metric(each) for name, each in template["Resources"].items() if name not in removed}
    outputs = {name: each for name, each in template.get("Outputs", {}).items() if not removed & set(_names_in(each))}
    return template | {"Resources": resources, "Outputs": outputs}, sorted(removed)


def _with_single_metric(resource: dict[str, Any]) -> dict[str, Any]:
    """Let an alarm on a sum of metrics watch the first metric only: the local AWS evaluates no expressions."""
    properties = resource.get("Properties", {})
    if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in properties:
        return resource
    first = next(each["MetricStat"] for each in properties["Metrics"] if "MetricStat" in each)
    kept = {name: each for name, each in properties.items() if name != "Metrics"}
    single = {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
    return resource | {"Properties": kept | single}


def local_statements(application: Template) -> list[tuple[list[str], dict[str, Any]]]:
    """Return the policies that apply only on the local AWS: logical ids of the roles, and the policy document."""
    return [
        ([role["Ref"] for role in each["Properties"]["Roles"]], each["Properties"]["PolicyDocument"])
        for each in application["Resources"].values()
        if each["Type"] == "AWS::IAM::Policy" and each.get("Condition") == "OnLocalAws"
    ]


def with_local_statements(pipeline: Template, application: Template) -> Template:
    """Widen the boundaries of the pipeline's template by the permissions that only the local AWS requires."""
    extra = [statement for _, document in local_statements(application) for statement in document["Statement"]]
    bounded = dict(pipeline["Resources"])
    for name, each in bounded.items():
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            document = each["Properties"]["PolicyDocument"]
            wider = document | {"Statement": [*document["Statement"], *extra]}
            bounded[name] = each | {"Properties": each["Properties"] | {"PolicyDocument": wider}}
    return pipeline | {"Resources": bounded}


def without_tag_conditions(value: Any) -> Any:
    """Remove conditions on resource tags: the local AWS does not find the tags of user pools."""
    match value:
        case {"Condition": {"StringEquals": dict(wanted)}} if any(key.startswith("aws:ResourceTag/") for key in wanted):
            return {name: each for name, each in value.items() if name != "Condition"}
        case dict():
            return {name: without_tag_conditions(each) for name, each in value.items()}
        case list():
            return [without_tag_conditions(each) for each in value]
        case _:
            return value


def _names_in(value: Any) -> Iterator[str]:
    """Yield every string in part of a template, and the logical ids in its `${...}` substitutions."""
    match value:
        case str():
            yield value
            yield from (part.split("}")[0].split(".")[0] for part in value.split("${")[1:])
            yield value.split(".")[0]
        case dict():
            yield from (name for each in value.values() for name in _names_in(each))
        case list():
            yield from (name for each in value for name in _names_in(each))
