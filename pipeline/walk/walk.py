"""Carries out the actions of the synthesised stages, one after the other."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import emulator, event_source_mapping_process, outputs
from local.aws import child_environment
from local.environments import ROOT
from local.errors import StackError
from local.home import StackHome
from local.processes import tail
from pipeline.walk import buildspec, differences, source, templates
from pipeline.walk.account import Account, Resolved
from pipeline.walk.synthesised import Action, Template, of_type
from pipeline.walk.variables import substituted


class ApprovalDenied(Exception):
    """The walk stops at an approval that nobody gave."""


@dataclass
class Walk:
    """One execution of the pipeline.

    Attributes:
        home: Where it works.
        template: The pipeline's stack, as synthesised.
        approve: Whether approvals are given.
        say: Takes a line for people.
        variables: Namespace -> variable -> value, as the actions so far gave them.
    """

    home: StackHome
    template: Template
    approve: bool
    say: Callable[[str], None]
    variables: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.account = Account(self.home.endpoint)
        projects = of_type(self.template, "AWS::CodeBuild::Project")
        [self._pipeline] = of_type(self.template, "AWS::CodePipeline::Pipeline").values()
        wanted = [[stage["Actions"] for stage in self._pipeline["Stages"]], self._pipeline["RoleArn"]]
        names = [{"Ref": name} for name in projects]
        self.resolved = Resolved(wanted, names, [_used(project) for project in projects.values()])
        self._projects = projects

    def provision(self) -> None:
        """Create the pipeline's own stack, as far as the local AWS can."""
        self.account.prepare()
        application = templates.parse((ROOT / "template.yml").read_text())
        template, left_out = differences.without_lacking(self.template)
        self.say(f"  Not on the local AWS: {', '.join(left_out)}")
        self.say(f"  Not run against it: {', '.join(differences.DESELECTED)}")
        wider = differences.with_local_statements(template, application)
        self.resolved.deploy(self.account, differences.without_tag_conditions(wider))

    def carry_out(self, action: Action) -> None:
        """Carry out one action.

        Raises:
            StackError: It failed.
            ApprovalDenied: It is an approval, and approvals are not given.
        """
        does = {
            "Source": self._fetch,
            "Build": self._build,
            "Test": self._build,
            "Deploy": self._deploy,
            "Approval": self._ask,
        }
        does[action.category](action)

    def _fetch(self, action: Action) -> None:
        source.checkout(self._artifact(action.outputs[0]))

    def _build(self, action: Action) -> None:
        name = self.resolved(action.configuration["ProjectName"])
        [project] = [each for logical, each in self._projects.items() if self.resolved({"Ref": logical}) == name]
        spec = buildspec.parse(project["Source"]["BuildSpec"])
        folder, log = self.home.folder / "build" / action.name, self.home.log(action.name)
        shutil.copytree(self._artifact(action.inputs[0]), folder, symlinks=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        outcome = buildspec.run(spec, folder, self._environment(project, action), log)
        if not outcome.succeeded:
            failed = ", ".join(phase for phase, succeeded in outcome.phases.items() if not succeeded)
            raise StackError(f"{action.name} failed in {failed}; the end of its log:", details=tail(log, 40))
        for output in action.outputs:
            buildspec.collect(spec, folder, self._artifact(output))

    def _environment(self, project: Mapping[str, Any], action: Action) -> dict[str, str]:
        """What CodeBuild sets, in the role of the project; and what a local AWS needs besides."""
        own = {each["Name"]: self.resolved(each["Value"]) for each in _variables(project)}
        given = json.loads(self.resolved(action.configuration.get("EnvironmentVariables", "[]")))
        told = {each["name"]: substituted(each["value"], self.variables) for each in given}
        ambient = child_environment(self.home.endpoint)
        return {
            **ambient,
            **self.account.act_as(self.resolved(project["ServiceRole"])),
            "PATH": f"{Path(sys.base_prefix) / 'bin'}:{ambient['PATH']}",
            "CODEBUILD_BUILD_ID": f"walk:{action.name}",
            "LAYER_PYTHON": emulator.python_version(),
            "LAYER_PLATFORM": "",
            "ENDPOINT_URL": self.home.endpoint,
            "PYTEST_ADDOPTS": " ".join(f"--deselect {test}" for test in differences.DESELECTED),
            **own,
            **told,
        }

    def _deploy(self, action: Action) -> None:
        artifact, _, file = action.configuration["TemplatePath"].partition("::")
        packaged = templates.parse((self._artifact(artifact) / file).read_text())
        template, left_out = differences.without_lacking(packaged)
        asked = json.loads(self.resolved(action.configuration["ParameterOverrides"]))
        here = differences.parameters(packaged["Parameters"], self.home.endpoint, emulator.python_version())
        self.say(f"  {action.configuration['StackName']}: {_listed(asked)}")
        self.say(f"    here also {_listed(here)}" + (f", without {', '.join(left_out)}" if left_out else ""))
        stack = action.configuration["StackName"]
        told = self.account.deploy(
            stack,
            template,
            asked | here,
            role=self.resolved(action.configuration["RoleArn"]),
            credentials=self.account.act_as(self.resolved(self._pipeline["RoleArn"])),
        )
        self._allow_locally(stack, packaged)
        event_source_mapping_process.disable_builtin_mappings(self.home)
        event_source_mapping_process.ensure(self.home)
        self.variables[action.namespace] = dict(outputs.for_this_machine(told, self.home.endpoint))

    def _allow_locally(self, stack: str, template: Template) -> None:
        ids = self.account.physical_ids(stack)
        for roles, document in differences.local_statements(template):
            for role in roles:
                self.account.client("iam").put_role_policy(
                    RoleName=ids[role], PolicyName="locally", PolicyDocument=json.dumps(document)
                )

    def _ask(self, action: Action) -> None:
        self.say(f"  {action.name}: {action.configuration.get('CustomData', '')}")
        if not self.approve:
            raise ApprovalDenied

    def _artifact(self, name: str) -> Path:
        return self.home.folder / "artifacts" / name


@contextmanager
def local_aws(home: StackHome) -> Iterator[None]:
    """A local AWS with nothing in it, for as long as the block runs."""
    with home.exclusive():
        _clear(home)
        try:
            emulator.start(home)
            yield
        finally:
            _clear(home)


def _clear(home: StackHome) -> None:
    event_source_mapping_process.stop_all(home)
    emulator.stop_all(home)
    emulator.delete_state(home)
    for leftover in ("artifacts", "build"):
        shutil.rmtree(home.folder / leftover, ignore_errors=True)


def _variables(project: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project["Environment"].get("EnvironmentVariables", [])
    return found


def _used(project: Mapping[str, Any]) -> list[Any]:
    """What the walk needs to know of a project."""
    return [_variables(project), project["ServiceRole"]]


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
