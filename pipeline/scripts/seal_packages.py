"""Copies the packages of a template to keys that no build can write, named by content, and lets the template name them.

Environment: PACKAGE_BUCKET, the bucket. Reads packaged.yml and writes sealed.yml in the working directory.
"""

import hashlib
import io
import os
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

INCOMING, SEALED = "incoming/", "sealed/"


class NotSealed(Exception):
    """The template names a package that is not in the folder of the builds."""


def content_key(content: bytes) -> str:
    """Return the key of a package. Equal files give equal keys, whenever and in which order they were packed.

    >>> content_key(b"{}")
    'sealed/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return SEALED + hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in sorted(archive.infolist(), key=lambda each: each.filename):
            data = archive.read(entry)
            name = entry.filename.encode()
            digest.update(b"%d %d %d " % (len(name), len(data), entry.external_attr) + name + data)
    return SEALED + digest.hexdigest()


def sealed(template: str, bucket: str, seal: Callable[[str], str]) -> str:
    """Replace every package in a packaged template.

    Args:
        template: As `sam package` writes it: `s3://bucket/key`, or `Bucket:` and `Key:` in two lines.
        bucket: Name of the bucket.
        seal: Seals a key of the folder of the builds, and returns the new key.

    Raises:
        NotSealed: A package is elsewhere, so it could be replaced after the approval.
    """
    place = re.compile(r"(s3://" + re.escape(bucket) + r"/|Bucket: " + re.escape(bucket) + r"\n\s+Key: )(\S+)")
    changed = place.sub(lambda found: found[1] + seal(found[2]), template)
    named = re.findall(r"s3://\S+|^\s+Bucket: \S+\n\s+Key: \S+", changed, re.MULTILINE)
    if strangers := [each for each in named if f"/{SEALED}" not in each and f"Key: {SEALED}" not in each]:
        raise NotSealed(f"{len(strangers)} packages are outside {bucket}: {strangers[0].strip()}")
    return changed


def seal_in(s3: Any, bucket: str) -> Callable[[str], str]:
    """Return the function that seals a key of a bucket."""

    def seal(key: str) -> str:
        if not key.startswith(INCOMING):
            raise NotSealed(
                f"{key} is not in {INCOMING}: the build must upload with --s3-prefix {INCOMING.rstrip('/')}."
            )
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        target = content_key(content)
        # Only this role writes there, so an object under this key has this content.
        if not s3.list_objects_v2(Bucket=bucket, Prefix=target).get("KeyCount"):
            s3.put_object(Bucket=bucket, Key=target, Body=content)
        return target

    return seal


def main() -> int:
    """Seal packaged.yml."""
    bucket = os.environ["PACKAGE_BUCKET"]
    try:
        text = sealed(Path("packaged.yml").read_text(), bucket, seal_in(boto3.client("s3"), bucket))
    except NotSealed as error:
        print(error, file=sys.stderr)
        return 1
    Path("sealed.yml").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
