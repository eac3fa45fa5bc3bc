"""The Hypothesis profile of mutation tests: few examples, as thousands of mutants run them, and always the same."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "mutation",
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
