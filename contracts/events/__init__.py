"""The published events' contracts: JSON Schemas and an AsyncAPI document, made from the event models."""
