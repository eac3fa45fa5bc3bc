"""Walks through the stages of the synthesised pipeline on this machine, for want of an AWS account to run it in.

What CodePipeline and CodeBuild would do is done here: buildspecs run as written, packages are uploaded, the packaged
template is deployed, outputs reach the tests. The actors have the roles of the template, which the local AWS enforces.
"""
