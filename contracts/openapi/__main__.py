"""Writes docs/openapi.json: make openapi."""

from contracts.openapi.document import FILE, described_api, rendered

FILE.write_text(rendered(described_api()))
