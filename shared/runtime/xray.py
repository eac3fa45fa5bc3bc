"""The X-Ray recorder, imported without the user's AWS settings.

The SDK creates a client when it is imported. An unknown `AWS_PROFILE` or a broken configuration file would end every
program that imports a function's modules, even for `--help`. Lambda has neither, so there nothing changes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SETTINGS: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


@contextmanager
def without_aws_settings() -> Iterator[None]:
    """Within the block, no profile is chosen and the user's AWS files are not read."""
    before = {name: os.environ.pop(name) for name in _SETTINGS if name in os.environ}
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        yield
    finally:
        for name in _SETTINGS:
            os.environ.pop(name, None)
        os.environ |= before


with without_aws_settings():
    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.core.models.segment import Segment

__all__ = ["Segment", "xray_recorder"]
