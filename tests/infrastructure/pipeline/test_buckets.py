"""The buckets are private, encrypted, versioned and logged, and accept only TLS."""

from typing import Any

import pytest

from local.environments import ROOT
from pipeline.walk import buildspec
from tests.infrastructure.pipeline.reading import in_account, listed, of_type, statements, text

Template = dict[str, Any]
SPECIFIED = ["ci-cd-pipeline-artifacts-<AWS::AccountId>", "customers-api-artifacts-<AWS::AccountId>"]


def bucket(stack: Template, name: str) -> tuple[str, dict[str, Any]]:
    [found] = [
        (logical, properties)
        for logical, properties in of_type(stack, "AWS::S3::Bucket").items()
        if text(properties.get("BucketName", "")) == name
    ]
    return found


def test_the_specified_buckets_exist_and_one_for_their_logs(stack: Template) -> None:
    names = sorted(text(each.get("BucketName", "")) for each in of_type(stack, "AWS::S3::Bucket").values())

    assert names == ["", *SPECIFIED]


def test_every_bucket_is_private_versioned_and_retained(stack: Template) -> None:
    for name, properties in of_type(stack, "AWS::S3::Bucket").items():
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, name
        [ownership] = properties["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == "BucketOwnerEnforced", name
        resource = stack["Resources"][name]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_bucket_is_encrypted_with_a_key_that_rotates(stack: Template, name: str) -> None:
    _, properties = bucket(stack, name)
    [(key, described)] = of_type(stack, "AWS::KMS::Key").items()
    [rule] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert text(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == f"<{key}.Arn>"
    assert described["EnableKeyRotation"] is True


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_bucket_logs_its_accesses(stack: Template, name: str) -> None:
    _, properties = bucket(stack, name)
    [logs] = [logical for logical, each in of_type(stack, "AWS::S3::Bucket").items() if "BucketName" not in each]

    assert properties["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": logs}


def test_every_bucket_refuses_plain_http_and_old_tls(stack: Template) -> None:
    policies = {
        each["Bucket"]["Ref"]: each["PolicyDocument"]["Statement"]
        for each in of_type(stack, "AWS::S3::BucketPolicy").values()
    }

    assert set(policies) == set(of_type(stack, "AWS::S3::Bucket"))
    for found in policies.values():
        refusals = [each["Condition"] for each in found if each["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in refusals
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in refusals


def test_current_packages_never_expire(stack: Template) -> None:
    """A rollback deploys packages that may have been uploaded long ago."""
    artifacts, packages = (bucket(stack, name)[1]["LifecycleConfiguration"]["Rules"][0] for name in SPECIFIED)

    assert artifacts["ExpirationInDays"] == 90
    assert "ExpirationInDays" not in packages
    for rule in (artifacts, packages):
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_the_pipeline_keeps_its_artifacts_in_the_specified_bucket(stack: Template) -> None:
    [pipeline] = of_type(stack, "AWS::CodePipeline::Pipeline").values()
    logical, _ = bucket(stack, SPECIFIED[0])

    assert pipeline["ArtifactStore"]["Location"] == {"Ref": logical}
    assert pipeline["ArtifactStore"]["EncryptionKey"]["Type"] == "KMS"


def written(roles: dict[str, dict[str, Any]], name: str) -> set[str]:
    """Return the ends of the ARNs that a role may write."""
    found = [each for each in statements(roles[name]) if "s3:PutObject" in listed(each["Action"])]
    return {text(resource) for each in found for resource in listed(each["Resource"])}


def test_a_build_cannot_replace_what_waits_for_approval(roles: dict[str, dict[str, Any]]) -> None:
    """Every push runs its own code in the build and the tests, before anybody approved it."""
    build, seal = written(roles, "BuildRole"), written(roles, "SealRole")

    assert {each.split(".Arn>")[1] for each in build} == {"/CustomersApi/Packages/*", "/incoming/*"}
    assert {each.split(".Arn>")[1] for each in seal} == {"/CustomersApi/Release/*", "/sealed/*"}
    assert written(roles, "EndToEndRole") == written(roles, "InspectRole") == set()


@pytest.mark.parametrize("name", ["StagingDeployment", "ProductionDeployment"])
def test_a_deployment_reads_only_sealed_packages(roles: dict[str, dict[str, Any]], name: str) -> None:
    read = [each for each in statements(roles[name]) if "s3:GetObject" in listed(each["Action"])]

    assert [in_account(each["Resource"]) for each in read] == [
        "arn:aws:s3:::customers-api-artifacts-123456789012/sealed/*"
    ]


def test_sealing_and_inspecting_run_the_stack_s_own_script_and_no_code_of_a_commit(stack: Template) -> None:
    """`-I` keeps Python from importing a module that a build put into the artifact."""
    projects = {each["Name"]: each for each in of_type(stack, "AWS::CodeBuild::Project").values()}

    for name, script in (("Seal", "seal_packages"), ("Inspect", "inspect_stage")):
        project = projects[f"CustomersApi-{name}"]
        given = {each["Name"]: each["Value"] for each in project["Environment"]["EnvironmentVariables"]}
        assert given["SCRIPT"] == (ROOT / f"pipeline/scripts/{script}.py").read_text()
        commands = [
            c for phase in buildspec.parse(project["Source"]["BuildSpec"])["phases"].values() for c in phase["commands"]
        ]
        assert len(commands) == 1
        assert commands[0].count("python3") == commands[0].count('python3 -I -c "$SCRIPT"') == 1
        # CodeBuild user guide, "Quotas": all variables of a build together.
        assert sum(len(name) + len(str(value)) for name, value in given.items()) < 5_500
