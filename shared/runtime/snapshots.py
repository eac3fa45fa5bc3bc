"""Reseeds what must differ between functions that are restored from one snapshot (Lambda SnapStart).

Ids come from the operating system's randomness, which Lambda renews at a restore, and clients have no open connection
before their first call. Only the pseudo-random pauses between retries would be the same in every restored function:
functions that collided would collide again at every retry.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import random

try:
    from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]
except ImportError:  # only Lambda's own runtime has this module
    pass
else:
    register_after_restore(random.seed)
