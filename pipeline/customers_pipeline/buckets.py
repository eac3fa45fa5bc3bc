"""The pipeline's buckets and their encryption key."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

ARTIFACTS = "ci-cd-pipeline-artifacts"
PACKAGES = "customers-api-artifacts"
# A stage can be rolled back to an execution while the execution's artifacts exist.
ARTIFACTS_KEPT = cdk.Duration.days(90)
REPLACED_VERSIONS_KEPT = cdk.Duration.days(90)
LOGS_KEPT = cdk.Duration.days(365)
UPLOADS_KEPT = cdk.Duration.days(7)
# The build uploads here, and so can every later build. Nothing is deployed from here.
INCOMING = "incoming"
# Named by content, and written by the project that seals packages alone.
SEALED = "sealed"


class Buckets(Construct):
    """The buckets for artifacts and packages.

    Attributes:
        key: Encrypts both buckets and the outputs of builds.
        artifacts: Sources and packaged templates that actions pass on.
        packages: Code of the functions and the layer, uploaded by `sam package`.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.key = kms.Key(
            self,
            "Key",
            description="Encrypts the artifacts of the pipeline CustomersApi.",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        self._logs = self._log_bucket()
        self.artifacts = self._bucket("Artifacts", ARTIFACTS, expires=ARTIFACTS_KEPT)
        # A rollback reads packages again. They are named by content, so a current package may be in use for years.
        self.packages = self._bucket("Packages", PACKAGES, expires=None)

    def let_read(self, account: str, roles: Sequence[str]) -> None:
        """Let roles of a stage in another account read artifacts and sealed packages.

        Args:
            account: Id of the account.
            roles: Names of its roles. They need not exist yet: the principal is the account, the role a condition.
        """
        arns = [f"arn:{cdk.Aws.PARTITION}:iam::{account}:role/{name}" for name in roles]
        principal = iam.AccountPrincipal(account).with_conditions({"ArnEquals": {"aws:PrincipalArn": arns}})
        for bucket, below in ((self.artifacts, "*"), (self.packages, f"{SEALED}/*")):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[principal],
                    actions=["s3:GetObject", "s3:GetObjectVersion"],
                    resources=[bucket.arn_for_objects(below)],
                )
            )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(principals=[principal], actions=["kms:Decrypt", "kms:DescribeKey"], resources=["*"])
        )

    def _log_bucket(self) -> s3.Bucket:
        # S3 delivers access logs only to buckets that are encrypted with S3-managed keys.
        return s3.Bucket(
            self,
            "AccessLogs",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
            lifecycle_rules=[_lifecycle(LOGS_KEPT)],
        )

    def _bucket(self, name: str, prefix: str, *, expires: cdk.Duration | None) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            bucket_name=f"{prefix}-{cdk.Aws.ACCOUNT_ID}",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
            server_access_logs_bucket=self._logs,
            server_access_logs_prefix=f"{prefix}/",
            lifecycle_rules=[_lifecycle(expires)],
        )


def _lifecycle(expires: cdk.Duration | None) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        expiration=expires,
        noncurrent_version_expiration=REPLACED_VERSIONS_KEPT,
        abort_incomplete_multipart_upload_after=UPLOADS_KEPT,
    )
