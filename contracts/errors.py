"""The base of the errors that stop a generator."""


class ContractError(Exception):
    """Nothing was written. The text says in one sentence what a person must change, and in which file."""
