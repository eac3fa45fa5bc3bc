"""The scripts of the pipeline's own projects: sealing packages, and looking whether a stage stands."""

import io
import zipfile
from typing import Any

import pytest

from pipeline.scripts.inspect_stage import StageFailed, protection
from pipeline.scripts.seal_packages import NotSealed, content_key, seal_in, sealed

BUCKET = "customers-api-artifacts-123456789012"


def package(files: dict[str, bytes], year: int = 2026, *, reverse: bool = False, mode: int = 0o644) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, reverse=reverse):
            entry = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            entry.external_attr = mode << 16
            archive.writestr(entry, files[name])
    return target.getvalue()


FILES = {"shared/a.py": b"a", "events/b.py": b"b"}


class Bucket:
    """An S3 bucket in memory."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {name.replace("__", "/"): content for name, content in objects.items()}
        self.written = list[str]()

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"Body": io.BytesIO(self.objects[Key])}

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"KeyCount": sum(key.startswith(Prefix) for key in self.objects)}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - boto3's
        self.objects[Key] = Body
        self.written.append(Key)


def test_equal_files_have_one_key_whenever_they_are_packed() -> None:
    """A function that did not change must not be published again."""
    assert content_key(package(FILES)) == content_key(package(FILES, 1999, reverse=True))


@pytest.mark.parametrize(
    "other",
    [
        package(FILES | {"events/b.py": b"c"}),
        package({"shared/a.py": b"a"}),
        package({"shared/a2.py": b"a", "events/b.py": b"b"}),
        package(FILES, mode=0o755),
        b"a",
    ],
    ids=["content", "missing", "name", "mode", "no-zip"],
)
def test_other_files_have_another_key(other: bytes) -> None:
    assert content_key(other) != content_key(package(FILES))


def test_no_two_packings_of_bytes_into_names_share_a_key() -> None:
    assert content_key(package({"a": b"bc"})) != content_key(package({"ab": b"c"}))


TEMPLATE = f"""
  CreateCustomer:
    Properties:
      CodeUri: s3://{BUCKET}/incoming/one
  RebuildProjection:
    Properties:
      DefinitionUri:
        Bucket: {BUCKET}
        Key: incoming/two
"""


def test_a_sealed_template_names_only_what_no_build_can_write() -> None:
    bucket = Bucket(incoming__one=package(FILES), incoming__two=b"{}")

    found = sealed(TEMPLATE, BUCKET, seal_in(bucket, BUCKET))

    assert f"CodeUri: s3://{BUCKET}/{content_key(package(FILES))}\n" in found
    assert f"Key: {content_key(b'{}')}\n" in found
    assert "incoming" not in found
    assert bucket.objects[content_key(b"{}")] == b"{}"


def test_what_is_sealed_is_never_written_again() -> None:
    bucket = Bucket(incoming__one=package(FILES))
    seal = seal_in(bucket, BUCKET)
    first = seal("incoming/one")
    bucket.objects["incoming/one"] = package(FILES | {"events/b.py": b"changed"})

    second = seal("incoming/one")

    assert second != first
    assert zipfile.ZipFile(io.BytesIO(bucket.objects[first])).read("events/b.py") == b"b"
    bucket.objects["incoming/one"] = package(FILES, 1999)
    assert seal("incoming/one") == first
    assert bucket.written == [first, second]


@pytest.mark.parametrize(
    "template",
    [
        "CodeUri: s3://another-bucket/incoming/one\n",
        f"CodeUri: s3://{BUCKET}/elsewhere/one\n",
        "    DefinitionUri:\n      Bucket: another-bucket\n      Key: incoming/one\n",
    ],
)
def test_a_package_in_another_place_is_refused(template: str) -> None:
    bucket = Bucket(incoming__one=b"x", elsewhere__one=b"x")

    with pytest.raises(NotSealed):
        sealed(template, BUCKET, seal_in(bucket, BUCKET))


class CloudFormation:
    """CloudFormation with one stack, or none."""

    class exceptions:  # noqa: N801 - boto3's
        class ClientError(Exception):
            pass

    def __init__(self, status: str) -> None:
        self.status = status

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if not self.status:
            raise self.exceptions.ClientError(f"Stack with id {StackName} does not exist")
        return {"Stacks": [{"StackStatus": self.status}]}


@pytest.mark.parametrize(
    ("status", "value"),
    [
        ("", "false"),
        ("REVIEW_IN_PROGRESS", "false"),
        ("CREATE_COMPLETE", "true"),
        ("UPDATE_COMPLETE", "true"),
        ("UPDATE_ROLLBACK_COMPLETE", "true"),
        ("UPDATE_ROLLBACK_FAILED", "true"),
    ],
)
def test_a_stage_is_protected_once_it_stands(status: str, value: str) -> None:
    """A stack that stands is never deployed without protection, whatever happened to its last update."""
    assert protection(CloudFormation(status), "CustomersApiStaging") == value


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"])
def test_a_failed_creation_stops_the_stage_with_the_remedy(status: str) -> None:
    with pytest.raises(StageFailed, match="clean-up --stage staging"):
        protection(CloudFormation(status), "CustomersApiStaging")
