"""Generates the contracts of the published events: JSON Schemas and an AsyncAPI document, from the event models."""
