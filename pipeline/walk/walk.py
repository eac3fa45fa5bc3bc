"""Runs the actions of the synthesised stages."""

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
from local.environments import ROOT, bin_of
from local.errors import StackError
from local.home import StackHome
from local.processes import tail
from local.stopping import stop_stack
from pipeline.walk import buildspec, differences, source, templates
from pipeline.walk.account import Account, Resolver
from pipeline.walk.synthesised import STACK, PipelineAction, Template, of_type
from pipeline.walk.variables import substituted


class ApprovalMissing(Exception):
    """The walk stops at an approval, because approvals are not given."""


@dataclass
class Walk:
    """One execution of the pipeline.

    Attributes:
        home: Folder and port of the local AWS.
        templates: Synthesised template of each stack.
        approve: Whether approvals are given.
        print_line: Prints a line of progress.
        variables: Output variables of the actions so far: namespace -> variable -> value.
    """

    home: StackHome
    templates: Mapping[str, Template]
    approve: bool
    print_line: Callable[[str], None]
    variables: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.account = Account(self.home.endpoint)
        template = self.templates[STACK]
        projects = of_type(template, "AWS::CodeBuild::Project")
        [self._pipeline] = of_type(template, "AWS::CodePipeline::Pipeline").values()
        self.variables["variables"] = {each["Name"]: each["DefaultValue"] for each in self._pipeline["Variables"]}
        wanted = [[stage["Actions"] for stage in self._pipeline["Stages"]], self._pipeline["RoleArn"]]
        names = [{"Ref": name} for name in projects]
        self.resolve = Resolver(wanted, names, [_values_to_resolve(project) for project in projects.values()])
        self._projects = projects

    def provision(self) -> None:
        """Create the resources of the stacks that the local AWS supports."""
        self.account.prepare()
        application = templates.parse((ROOT / "template.yml").read_text())
        for name, synthesised in self.templates.items():
            template, removed = differences.without_unsupported(synthesised)
            if removed:
                self.print_line(f"  Not supported by the local AWS: {', '.join(removed)}")
            wider = differences.without_tag_conditions(differences.with_local_statements(template, application))
            if name == STACK:
                self.resolve.deploy(self.account, wider)
            else:
                self.account.deploy(name, wider, {})
        self.print_line(f"  Skipped tests: {', '.join(differences.SKIPPED_TESTS)}")

    def run(self, action: PipelineAction) -> None:
        """Run one action.

        Raises:
            StackError: The action failed.
            ApprovalMissing: The action is an approval, and approvals are not given.
        """
        runners = {
            "Source": self._fetch,
            "Build": self._build,
            "Test": self._build,
            "Deploy": self._deploy,
            "Approval": self._approve,
        }
        runners[action.category](action)

    def _fetch(self, action: PipelineAction) -> None:
        source.checkout(self._artifact(action.outputs[0]))

    def _build(self, action: PipelineAction) -> None:
        name = self.resolve(action.configuration["ProjectName"])
        [project] = [
            candidate for logical, candidate in self._projects.items() if self.resolve({"Ref": logical}) == name
        ]
        spec = buildspec.parse(project["Source"]["BuildSpec"])
        # Actions of two stages may have one name.
        name = f"{action.name}-{len(list((self.home.folder / 'build').glob('*')))}"
        folder, log = self.home.folder / "build" / name, self.home.log(action.name)
        shutil.copytree(self._artifact(action.inputs[0]), folder, symlinks=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        result = buildspec.run(spec, folder, self._environment(project, action), log)
        if not result.succeeded:
            failed = ", ".join(phase for phase, succeeded in result.phases.items() if not succeeded)
            raise StackError(f"{action.name} failed in the phase {failed}. The end of its log:", details=tail(log, 40))
        for output in action.outputs:
            buildspec.collect(spec, folder, self._artifact(output))
        if action.namespace:
            self.variables[action.namespace] = dict(result.exported)

    def _environment(self, project: Mapping[str, Any], action: PipelineAction) -> dict[str, str]:
        """Return CodeBuild's variables, the project's credentials and the settings for the local AWS."""
        of_project = {variable["Name"]: self.resolve(variable["Value"]) for variable in _variables(project)}
        configured = json.loads(self.resolve(action.configuration.get("EnvironmentVariables", "[]")))
        of_action = {variable["name"]: substituted(variable["value"], self.variables) for variable in configured}
        ambient = child_environment(self.home.endpoint)
        return {
            **ambient,
            **self.account.act_as(self.resolve(project["ServiceRole"])),
            "PATH": f"{_python(of_project)}:{ambient['PATH']}",
            "CODEBUILD_BUILD_ID": f"walk:{action.name}",
            "LAYER_PYTHON": emulator.python_version(),
            "LAYER_PLATFORM": "",
            "ENDPOINT_URL": self.home.endpoint,
            "PYTEST_ADDOPTS": " ".join(f"--deselect {test}" for test in differences.SKIPPED_TESTS),
            **of_project,
            **of_action,
        }

    def _deploy(self, action: PipelineAction) -> None:
        artifact, _, file = action.configuration["TemplatePath"].partition("::")
        packaged = templates.parse((self._artifact(artifact) / file).read_text())
        template, removed = differences.without_unsupported(packaged)
        overrides = json.loads(substituted(self.resolve(action.configuration["ParameterOverrides"]), self.variables))
        local = differences.parameters(packaged["Parameters"], self.home.endpoint, emulator.python_version())
        self.print_line(f"  {action.configuration['StackName']}: {_listed(overrides)}")
        self.print_line(
            f"    on the local AWS: {_listed(local)}" + (f", without {', '.join(removed)}" if removed else "")
        )
        stack = action.configuration["StackName"]
        stack_outputs = self.account.deploy(
            stack,
            template,
            overrides | local,
            role=self.resolve(action.configuration["RoleArn"]),
            credentials=self.account.act_as(self.resolve(self._pipeline["RoleArn"])),
        )
        self._attach_local_policies(stack, packaged)
        event_source_mapping_process.disable_builtin_mappings(self.home)
        event_source_mapping_process.ensure(self.home)
        self.variables[action.namespace] = dict(outputs.for_this_machine(stack_outputs, self.home.endpoint))

    def _attach_local_policies(self, stack: str, template: Template) -> None:
        ids = self.account.physical_ids(stack)
        for roles, document in differences.local_statements(template):
            for role in roles:
                self.account.client("iam").put_role_policy(
                    RoleName=ids[role], PolicyName="locally", PolicyDocument=json.dumps(document)
                )

    def _approve(self, action: PipelineAction) -> None:
        self.print_line(f"  {action.name}: {action.configuration.get('CustomData', '')}")
        if not self.approve:
            raise ApprovalMissing

    def _artifact(self, name: str) -> Path:
        return self.home.folder / "artifacts" / name


@contextmanager
def local_aws(home: StackHome) -> Iterator[None]:
    """Run an empty local AWS for the duration of the block."""
    with home.exclusive():
        _clear(home)
        try:
            emulator.start(home)
            yield
        finally:
            _clear(home)


def _clear(home: StackHome) -> None:
    stop_stack(home)
    for leftover in ("artifacts", "build"):
        shutil.rmtree(home.folder / leftover, ignore_errors=True)


def _python(project: Mapping[str, str]) -> Path:
    """The Python of a project. That of CodeBuild's image has boto3, which the stack's own scripts need."""
    return bin_of("dev") if "SCRIPT" in project else Path(sys.base_prefix) / "bin"


def _variables(project: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project["Environment"].get("EnvironmentVariables", [])
    return found


def _values_to_resolve(project: Mapping[str, Any]) -> list[Any]:
    return [_variables(project), project["ServiceRole"]]


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
