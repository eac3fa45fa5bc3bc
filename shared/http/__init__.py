"""HTTP as API Gateway hands it to a function: requests, responses and problems."""
