"""The API's own documentation, as a page with sign-in and as an OpenAPI document."""
