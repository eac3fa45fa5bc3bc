"""Writes docs/explanation/wiring.md: make contracts."""

from contracts.wiring.page import FILE, rendered
from local.template import load_template, with_own_event_table

FILE.write_text(rendered(with_own_event_table(load_template())))
