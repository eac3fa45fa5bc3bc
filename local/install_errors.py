"""The sentence for a failed installation, from what pip or uv printed."""

import re
from typing import Final

# The first match counts: a refused certificate, for example, is reported as a failed connection, too.
_CAUSES: Final = (
    (
        r"no space left on device|disk quota exceeded",
        "The disk is full. Make room (the environments of make up take 250 MB, all of them 1.5 GB)",
    ),
    (
        r"certificate verify failed|unknownissuer|self[- ]signed certificate|invalid peer certificate"
        r"|unable to get local issuer|certificate_verify_failed|invalid certificate|could not find a suitable tls ca",
        "The certificate of the package index is not trusted, or the file of certificates is missing. If your company "
        "has a certificate of its own, set SSL_CERT_FILE=/path/to/it.pem",
    ),
    (
        r"407 proxy authentication|proxyerror|cannot connect to proxy|tunnel connection failed|unsuccessful tunnel",
        "The proxy refused the connection. Correct HTTPS_PROXY",
    ),
    (
        r"401 (client error|unauthorized)|403 (client error|forbidden)|status code:? 40[13]|http error 40[13]"
        r"|unauthorized|lack(s|ing)? of valid authentication",
        "The package index asks for a user name or refuses the one given. Correct index-url in pip.conf, or PIP_INDEX_URL",
    ),
    (
        r"hash(es)? (mismatch|do not match)|do not match the hashes",
        "A package differs from its hash in the lock, and was not installed. The package index or a proxy changes files: "
        "ask whoever runs it, or use another index",
    ),
    (
        r"name resolution|name or service not known|nodename nor servname|dns error|failed to lookup address"
        r"|network is unreachable|connection refused|connection reset|timed? ?out|error sending request|no route to host"
        r"|failed to establish a new connection|could not connect|client error \(connect\)|newconnectionerror"
        r"|network was disabled|network connectivity is disabled|operation was aborted due to",
        "The package index cannot be reached. Check the network; behind a company's proxy or mirror, set HTTPS_PROXY, or "
        "index-url in pip.conf",
    ),
    (
        r"read-only file system|permission denied|operation not permitted",
        "A folder cannot be written (its name is above). Check its owner, or set UV_CACHE_DIR to a folder of your own",
    ),
    (
        r"no matching distribution|no solution found|could not find a version|was not found in the (package )?registry"
        r"|not found in the provided package locations|404 (client error|not found)",
        "The package index does not have a pinned version. A mirror may lack it: use another index, or wait for the mirror",
    ),
    (
        r"no wheels? (with a matching|are usable)|failed to build|building .* failed|metadata-generation-failed",
        "A package has no ready-made file for this machine and this Python. Run make PYTHON=/path/to/python3.13",
    ),
)
_UNKNOWN: Final = "The installer failed"


def sentence_of(output: str) -> str:
    """The sentence that the user reads below the installer's output.

    Args:
        output: What pip or uv printed.
    """
    found = (sentence for pattern, sentence in _CAUSES if re.search(pattern, output, re.IGNORECASE))
    return f"{next(found, _UNKNOWN)}. The output is above. Then run the same make target again."
