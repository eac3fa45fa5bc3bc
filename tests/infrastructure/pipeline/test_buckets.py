"""The buckets are private, encrypted, versioned and logged, and accept only TLS."""

from typing import Any

import pytest

from tests.infrastructure.pipeline.reading import of_type, text

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
