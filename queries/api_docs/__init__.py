"""The API documentation: a page with sign-in, and the OpenAPI document."""
