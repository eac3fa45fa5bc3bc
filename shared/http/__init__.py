"""HTTP as API Gateway passes it to a function: requests, responses and problems."""
