"""Writes docs/explanation/wiring.md: make contracts."""

from contracts.wiring.page import FILE, rendered
from local.template import load_template

FILE.write_text(rendered(load_template()))
