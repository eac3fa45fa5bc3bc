"""The API's description (OpenAPI 3.1), made from the code that serves it: template, models, headers and problems."""
