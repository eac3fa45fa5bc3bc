"""What people run to work with the API and its description; never imported by a function."""
