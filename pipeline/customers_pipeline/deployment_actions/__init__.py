"""Actions that deploying each resource type needs: type -> resource group of `deployment` -> actions."""

from collections.abc import Mapping, Sequence

from .api import API
from .compute import COMPUTE
from .data import DATA
from .watching import WATCHING

ACTIONS: Mapping[str, Mapping[str, Sequence[str]]] = {**API, **COMPUTE, **DATA, **WATCHING}
