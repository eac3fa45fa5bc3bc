"""The sentence for a failed installation, from what pip or uv printed."""

import re
from typing import Final

# Cause and remedy -> what the installers print. The first match counts: a refused certificate, for example, is reported
# as a failed connection, too.
_CAUSES: Final[dict[str, tuple[str, ...]]] = {
    "The disk is full. Make room (make up needs 300 MB, all targets together 2 GB).": (
        "no space left on device",
        "disk quota exceeded",
    ),
    "The certificate of the package index is not trusted, or the file of certificates is missing. If your company has "
    "a certificate of its own, set SSL_CERT_FILE=/path/to/it.pem.": (
        "certificate.verify.failed",
        "unknownissuer",
        "self[- ]signed certificate",
        "invalid peer certificate",
        "unable to get local issuer",
        "invalid certificate",
        "could not find a suitable tls ca",
        "problem confirming the ssl certificate",
        "no_certificate_or_crl_found",
    ),
    "The proxy refused the connection. Correct HTTPS_PROXY.": (
        "407 proxy authentication",
        "proxyerror",
        "cannot connect to proxy",
        "tunnel connection failed",
        "unsuccessful tunnel",
    ),
    "The package index asks for a user name or refuses it. Correct index-url in pip.conf.": (
        "401 (client error|unauthorized)",
        "403 (client error|forbidden)",
        "status code:? 40[13]",
        "http error 40[13]",
        "lack(s|ing)? of valid authentication",
    ),
    "A package differs from its hash in the lock and was not installed. The package index or a proxy changes files: "
    "ask who runs it, or use another index.": ("hash(es)? (mismatch|do not match)", "do not match the hashes"),
    "The package index cannot be reached. Check the network; behind a company's proxy or mirror, set HTTPS_PROXY, or "
    "index-url in pip.conf.": (
        "name resolution",
        "name or service not known",
        "nodename nor servname",
        "dns error",
        "failed to lookup address",
        "network is unreachable",
        "connection (refused|reset)",
        "timed? ?out",
        "error sending request",
        "no route to host",
        "failed to establish a new connection",
        "could not connect",
        r"client error \(connect\)",
        "network (was|connectivity is) disabled",
    ),
    "A folder cannot be written; its name is above. Correct its owner, or set UV_CACHE_DIR.": (
        "read-only file system",
        "permission denied",
        "operation not permitted",
    ),
    "The package index does not have a pinned version. A mirror may lack it: use another index.": (
        "no matching distribution",
        "no solution found",
        "could not find a version",
        "was not found in the (package )?registry",
        "not found in the provided package locations",
        "404 (client error|not found)",
    ),
    "A package has no ready-made file for this machine and this Python. Run make PYTHON=/path/to/python3.13.": (
        "no wheels? (with a matching|are usable)",
        "failed to build",
        "metadata-generation-failed",
    ),
}
_UNKNOWN: Final = "The installer failed."


def sentence_of(output: str) -> str:
    """The sentence that the user reads below the installer's output.

    Args:
        output: What pip or uv printed.
    """
    found = (
        sentence for sentence, words in _CAUSES.items() if any(re.search(word, output, re.IGNORECASE) for word in words)
    )
    return f"{next(found, _UNKNOWN)} The output is above. Then run the same make target again."
