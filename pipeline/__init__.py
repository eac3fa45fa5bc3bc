"""The deployment pipeline: a CDK app (`pipeline.app`), and a local run of its stages (`pipeline.walk`)."""
