"""Each cause of a failed installation has a sentence of its own. The outputs are pip's and uv's own words."""

import pytest

from local.install_errors import sentence_of


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "error: Failed to fetch: `https://a/rich/`\n  Caused by: dns error: failed to lookup address information",
            "cannot be reached",
        ),
        (
            "NewConnectionError: Failed to establish a new connection\nERROR: No matching distribution found for uv",
            "cannot be reached",
        ),
        (
            "error sending request\n  Caused by: invalid peer certificate: UnknownIssuer",
            "SSL_CERT_FILE=",
        ),
        (
            "SSLError([SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in certificate chain (_ssl.c:1006))",
            "SSL_CERT_FILE=",
        ),
        (
            "There was a problem confirming the ssl certificate: SSLError(136, '[X509: NO_CERTIFICATE_OR_CRL_FOUND]')",
            "SSL_CERT_FILE=",
        ),
        ("ERROR: Could not find a suitable TLS CA certificate bundle, invalid path: /company.pem", "SSL_CERT_FILE="),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 ...'))", "HTTPS_PROXY"),
        ("error: HTTP status client error (401 Unauthorized) for url (https://mirror.example)", "user name"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hash in the lock"),
        ("error: failed to create directory `/home/a/.cache/uv`: Permission denied (os error 13)", "cannot be written"),
        ("OSError: [Errno 30] Read-only file system: '/home/a'", "cannot be written"),
        ("error: No space left on device (os error 28)", "disk is full"),
        ("  x No solution found when resolving dependencies: there is no version of rich==15.0.0", "pinned version"),
        ("Segmentation fault", "The installer failed."),
    ],
)
def test_the_cause_is_named(output: str, words: str) -> None:
    assert words in sentence_of(output)
