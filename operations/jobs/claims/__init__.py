"""Compares and repairs the claims table. Only operators do that, so no Lambda package has this code."""
