"""The settings of the stream's two mappings, as template.yml declares them by default."""

from local.event_source_mapping.settings import MappingSettings, parse_settings
from local.template import load_template
from tests.simulation.mapping import QUEUE
from tests.simulation.stream import ARN


def settings_of_template(name: str) -> MappingSettings:
    """The settings of one of the mappings in template.yml."""
    declared = load_template()["Resources"][name]["Properties"]
    of_the_stack = {"FunctionName", "Enabled", "DestinationConfig", "ParallelizationFactor"}
    plain = {key: value for key, value in declared.items() if key not in of_the_stack}
    return parse_settings(
        {
            **plain,
            "UUID": name,
            "EventSourceArn": ARN,
            "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f:live",
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
        }
    )
