"""The previous release's code and this one's work on the same tables, as they do while a deployment runs."""
