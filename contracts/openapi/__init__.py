"""Generates the OpenAPI 3.1 document from the code that serves the API: template, models, headers and problems."""
