"""Writers of generated documents: OpenAPI, AsyncAPI, JSON Schemas, the command-line reference and the wiring plan."""
