"""Writer of docs/explanation/wiring.md: the wiring plan of template.yml."""
