"""Synthesises all variants of the app in one process of the CDK's environment, because starting the CDK takes seconds.

python -m tests.infrastructure.pipeline.synthesise FOLDER writes a subfolder for each variant. If a synthesis is
refused, its subfolder has the reason in `refused.txt`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.app import customers_app  # sets the CDK's node, so it must come first

import aws_cdk as cdk  # isort: skip
from aws_cdk import aws_iam as iam  # isort: skip

from tests.infrastructure.pipeline.synthesise_names import KEYS, PLACES  # isort: skip

CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"


def plain(folder: Path) -> cdk.App:
    return customers_app(str(folder))


def with_token(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"source": "token"})


def with_connection(folder: Path) -> cdk.App:
    context = {"connection_arn": CONNECTION, "branch": "release", "repository": "customers"}
    return customers_app(str(folder), context)


def with_accounts(folder: Path) -> cdk.App:
    return customers_app(str(folder), PLACES | KEYS)


def with_accounts_before_their_keys(folder: Path) -> cdk.App:
    return customers_app(str(folder), PLACES)


def with_parameters(folder: Path) -> cdk.App:
    chosen = (
        "Mfa=ON SelfSignUp=false SetsGatewayAccount=true AllowedOrigins=https://a.example.com,https://b.example.com"
    )
    return customers_app(str(folder), {"production_parameters": chosen})


def with_all_of_s3(folder: Path) -> cdk.App:
    app = customers_app(str(folder))
    role = app.node.find_child("CustomersApiPipeline").node.find_child("BuildRole")
    role.add_to_policy(iam.PolicyStatement(actions=["s3:*"], resources=["arn:aws:s3:::customers-api-artifacts"]))
    return app


def with_an_unexplained_wildcard(folder: Path) -> cdk.App:
    app = customers_app(str(folder))
    role = app.node.find_child("CustomersApiPipeline").node.find_child("BuildRole")
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::another-bucket/*"]))
    return app


def with_a_repository_and_its_owner(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"repository": "somebody/customers"})


def with_an_invalid_connection(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"connection_arn": "my-connection"})


def with_an_unknown_source(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"source": "gitlab"})


def with_an_account_that_is_no_number(folder: Path) -> cdk.App:
    return customers_app(str(folder), PLACES | {"staging_account": "staging"})


def with_an_account_but_not_the_pipeline_s(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"production_account": "333333333333"})


def with_a_key_of_another_account(folder: Path) -> cdk.App:
    return customers_app(str(folder), PLACES | KEYS | {"staging_key_arn": KEYS["production_key_arn"]})


def with_an_unknown_parameter(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"staging_parameters": "Mfaa=ON"})


def with_a_parameter_of_the_pipeline_s(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"staging_parameters": "Stage=production"})


def with_a_value_that_is_not_allowed(folder: Path) -> cdk.App:
    return customers_app(str(folder), {"production_parameters": "Mfa=maybe"})


VARIANTS: list[Callable[[Path], cdk.App]] = [
    plain,
    with_token,
    with_connection,
    with_accounts,
    with_accounts_before_their_keys,
    with_parameters,
    with_all_of_s3,
    with_an_unexplained_wildcard,
    with_a_repository_and_its_owner,
    with_an_invalid_connection,
    with_an_unknown_source,
    with_an_account_that_is_no_number,
    with_an_account_but_not_the_pipeline_s,
    with_a_key_of_another_account,
    with_an_unknown_parameter,
    with_a_parameter_of_the_pipeline_s,
    with_a_value_that_is_not_allowed,
]


def main(folder: Path) -> None:
    for variant in VARIANTS:
        subfolder = folder / variant.__name__
        subfolder.mkdir()
        try:
            variant(subfolder).synth()
        except (RuntimeError, ValueError) as refused:
            (subfolder / "refused.txt").write_text(str(refused))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
