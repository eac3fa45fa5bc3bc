"""Generators of the published contracts: OpenAPI, AsyncAPI, JSON Schemas and the command-line reference."""
