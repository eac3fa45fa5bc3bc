"""What must differ between functions that were restored from one snapshot (Lambda SnapStart).

Ids come from the system's randomness, which Lambda renews at a restore, and clients keep no connection from before the
first call. The pseudo-random pauses between retries are what would be the same everywhere, so that restored functions
which collided would collide again and again.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import random

try:
    from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]
except ImportError:  # only Lambda's own runtime has it
    pass
else:
    register_after_restore(random.seed)
