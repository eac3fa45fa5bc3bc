"""Programs that the pipeline's own projects run, as its stack has them: no commit can change what they do.

Each is one file that needs only boto3, which CodeBuild's image has. The stack passes it in an environment variable.
"""
