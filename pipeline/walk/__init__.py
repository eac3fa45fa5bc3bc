"""Runs the stages of the synthesised pipeline on the local AWS, without an AWS account.

The walk does the work of CodePipeline and CodeBuild: it runs the buildspecs as written, uploads packages, deploys the
packaged template and passes its outputs to the tests. Each step acts in its role, which the local AWS enforces.
"""
