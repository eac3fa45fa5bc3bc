"""Reads the packaged template, which uses CloudFormation's short functions."""

from pipeline.customers_pipeline.long_form import parse

__all__ = ["parse"]
