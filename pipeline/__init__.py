"""The deployment pipeline: a CDK app (`pipeline.app`), and a walk through what it synthesises (`pipeline.walk`)."""
