"""The pinned CDK command line deploys the stacks as docs/how-to/run-the-pipeline.md says, on a server of moto's.

The command line sends YAML, which is longer than the JSON that it synthesises, and refuses more than 51,200 bytes of it
unless the account was bootstrapped.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from rich.console import Console

from local.progress import ConsoleProgress
from local.tools import cdk
from local.tools.npm_package import node

REGION = "eu-west-1"
STAGES = ("CustomersApiPipelineStaging", "CustomersApiPipelineProduction")
PIPELINE = "CustomersApiPipeline"


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    """The address of an empty account that was never bootstrapped."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def variables(address: str) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": address}
    return {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "AWS_REGION": REGION, **keys}


def deploy(address: str, app: Path, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = [node(), str(cdk.installed(ConsoleProgress(Console(stderr=True)))), "deploy", "--app", str(app)]
    return subprocess.run(
        [*program, "--require-approval=never", *arguments],
        env=variables(address) | {"HOME": str(home), "CI": "true"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


def without_termination_protection(app: Path, copy: Path) -> Path:
    """Copy a synthesised app without the setting that moto cannot make."""
    shutil.copytree(app, copy)
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"terminationProtection": true', '"terminationProtection": false'))
    return copy


def client(address: str, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # any service
        service,
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def test_the_command_line_deploys_the_stages_and_sends_the_pipeline_without_a_bootstrap(
    account: str, synthesised: Path, tmp_path: Path
) -> None:
    client(account, "ssm").put_parameter(Name="github_username", Value="somebody", Type="String")
    cloudformation = client(account, "cloudformation")
    app = without_termination_protection(synthesised / "plain", tmp_path / "app")

    stages = deploy(account, app, tmp_path, *STAGES)

    assert stages.returncode == 0, stages.stderr
    for name in STAGES:
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert found["StackStatus"] == "CREATE_COMPLETE"
        assert "RoleARN" not in found

    # moto cannot create a pipeline, but it takes the change set, as CloudFormation does once it has read the template.
    pipeline = deploy(account, app, tmp_path, PIPELINE, "--exclusively", "--method=prepare-change-set")

    assert pipeline.returncode == 0, pipeline.stderr
    changes = cloudformation.list_change_sets(StackName=PIPELINE)["Summaries"]
    [change] = [each for each in changes if each["StackName"] == PIPELINE]
    assert change["Status"] == "CREATE_COMPLETE"


def test_the_command_line_refuses_a_larger_template(account: str, tmp_path: Path) -> None:
    """What the test above would find if the template grew."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "Large.template.json").write_text(
        json.dumps({"Resources": {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(2000)}})
    )
    (app / "manifest.json").write_text(
        '{"version": "48.0.0", "artifacts": {"Large": {"type": "aws:cloudformation:stack", '
        '"environment": "aws://unknown-account/unknown-region", '
        '"properties": {"templateFile": "Large.template.json"}}}}'
    )

    refused = deploy(account, app, tmp_path)

    assert refused.returncode != 0
    assert "cdk bootstrap" in refused.stderr
