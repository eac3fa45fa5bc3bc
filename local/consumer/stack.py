"""Deploys a consuming team's stack to the local AWS, and proves that an event of a new customer reaches it."""

import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml
from botocore.exceptions import ClientError

from local import deployment, emulator, functions, outputs, smoke_test
from local.aws import LocalAws, child_environment, http_client
from local.environments import bin_of
from local.errors import StackError
from local.functions import LogLine
from local.home import StackHome
from local.outputs import Outputs
from local.progress import ProgressReporter
from local.template import load_template
from local.tokens import access_token

TEMPLATES: Final = ("template.yml", "template.yaml")
RECEIVES_WITHIN: Final = 30.0  # seconds; it usually takes one or two
STAGE: Final = "local"
# The local AWS logs these around each call, whether or not the function logs anything.
_AROUND_A_CALL: Final = re.compile(r"^(START|END|REPORT|INIT_START) ")


@dataclass(frozen=True, slots=True)
class ConsumerStack:
    """A consuming team's stack.

    Attributes:
        template: The team's SAM template. Relative paths in it are relative to its folder.
        stack_name: The name of its CloudFormation stack.
        parameters: Values for the template's parameters, which override those that this module knows.
    """

    template: Path
    stack_name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """The proof that an event arrived.

    Attributes:
        seconds: From the creation of a customer until the line was seen.
    """

    line: LogLine
    seconds: float


def consumer_in(directory: str, name: str = "", parameters: str = "") -> ConsumerStack:
    """The consumer in a folder.

    Args:
        directory: The folder with its SAM template.
        name: The name for its stack. The default comes from the folder.
        parameters: `Name=value` pairs separated by spaces.

    Raises:
        StackError: There is no folder or no template, or a parameter has no value.
    """
    if not directory:
        raise StackError("Name the folder of the consumer, for example DIR=docs/examples/consumer.")
    folder = Path(directory).expanduser().resolve()
    found = [folder / each for each in TEMPLATES if (folder / each).is_file()]
    if not found:
        raise StackError(f"There is no {' or '.join(TEMPLATES)} in {folder}. DIR must be the folder of a SAM template.")
    pairs = [pair.partition("=") for pair in parameters.split()]
    if wrong := [name for name, equals, _ in pairs if not (name and equals)]:
        raise StackError(f'The parameter {wrong[0]!r} has no value. Write PARAMETERS="Name=value Other=value".')
    return ConsumerStack(found[0], name or _stack_name(folder), {key: value for key, _, value in pairs})


def run(
    home: StackHome, consumer: ConsumerStack, progress: ProgressReporter
) -> tuple[Mapping[str, str], Received | None]:
    """Deploy a consumer and have it receive an event.

    Returns:
        The outputs of its stack, and the proof; no proof if the stack has no function.

    Raises:
        StackError: The stack does not run, the deploy failed, or no function of the consumer handled the event.
    """
    ours = outputs.read(home)
    if consumer.stack_name == ours.get("StackName"):
        raise StackError(f"{consumer.stack_name} is the name of the local stack itself. Choose another NAME.")
    with progress.step(f"{consumer.stack_name} deployed"):
        theirs = _deploy(home, consumer)
    names = functions.names({**theirs, "EndpointUrl": home.endpoint, "StackName": consumer.stack_name})
    if not names:
        return theirs, None
    with progress.step("event of a new customer received"):
        return theirs, _prove(home, ours, names)


def remove(home: StackHome, consumer: ConsumerStack) -> None:
    """Delete a consumer's stack, with everything that it stored.

    Raises:
        StackError: The local stack does not run.
    """
    cloudformation = LocalAws(outputs.read(home)["EndpointUrl"]).cloudformation
    cloudformation.delete_stack(StackName=consumer.stack_name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=consumer.stack_name, WaiterConfig={"Delay": 1})


def known_parameters() -> dict[str, str]:
    """The parameters that a consumer's template may declare to fit the local stack, with their values."""
    return {
        "CustomersStage": STAGE,
        "Runtime": f"python{emulator.python_version()}",
        "Architecture": deployment.architecture(),
    }


def _stack_name(folder: Path) -> str:
    # CloudFormation allows letters, digits and hyphens, and a letter first.
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder.name).strip("-")
    return name if name.startswith("consumer") else f"consumer-{name}".rstrip("-")


def _deploy(home: StackHome, consumer: ConsumerStack) -> Mapping[str, str]:
    declared = _declared(consumer.template)
    if unknown := sorted(consumer.parameters.keys() - declared):
        raise StackError(
            f"{consumer.template.name} has no parameter {unknown[0]!r}. It has {', '.join(sorted(declared)) or 'none'}."
        )
    values = {**known_parameters(), **consumer.parameters}
    overrides = [f"{name}={value}" for name, value in values.items() if name in declared]
    build, began = home.folder / "consumers" / consumer.stack_name, datetime.now(UTC)
    _sam(home, consumer, "build", "--template-file", str(consumer.template), "--build-dir", str(build),
         "--build-in-source")  # fmt: skip
    _sam(home, consumer, "deploy", "--template-file", str(build / "template.yaml"), "--stack-name",
         consumer.stack_name, "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM",
         "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
         *(["--parameter-overrides", *overrides] if overrides else []), began=began)  # fmt: skip
    [stack] = LocalAws(home.endpoint).cloudformation.describe_stacks(StackName=consumer.stack_name)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}


def _declared(template: Path) -> set[str]:
    try:
        return set(load_template(template).get("Parameters", {}))
    except yaml.YAMLError as error:
        raise StackError(f"{template} is not YAML:", details=str(error)) from error


def _sam(
    home: StackHome, consumer: ConsumerStack, command: str, *arguments: str, began: datetime | None = None
) -> None:
    env = child_environment(home.endpoint) | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}
    home.temporary.mkdir(parents=True, exist_ok=True)
    # An environment that the team's samconfig.toml does not define keeps its settings for AWS from applying here.
    program = [str(bin_of("sam") / "sam"), command, "--config-env", "local-stack", *arguments]
    with TemporaryDirectory(dir=home.temporary) as scratch:
        done = subprocess.run(program, cwd=consumer.template.parent, env=env | {"TMPDIR": scratch},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)  # fmt: skip
    if done.returncode:
        reasons = _reasons(home, consumer, began) if began else ""
        raise StackError(
            f"sam {command} of {consumer.template} failed:",
            details=reasons or deployment.error_of("\n".join(done.stdout.splitlines()[-40:])),
        )


def _reasons(home: StackHome, consumer: ConsumerStack, began: datetime) -> str:
    try:
        events = LocalAws(home.endpoint).cloudformation.describe_stack_events(StackName=consumer.stack_name)
    except ClientError:
        return ""
    return "\n".join(deployment.failure_reasons(events["StackEvents"], began.replace(microsecond=0)))


def _prove(home: StackHome, ours: Outputs, names: Mapping[str, str]) -> Received:
    aws, since, started = LocalAws(home.endpoint), int(time.time() * 1000), time.monotonic()
    customer_id = smoke_test.run(home, ours).customer_id
    try:
        while not (lines := logged(functions.log_lines(aws, names, since))):
            if time.monotonic() - started > RECEIVES_WITHIN:
                raise StackError(
                    f"No function of the consumer logged anything within {RECEIVES_WITHIN:.0f} s after a customer was "
                    f"created. Its rule must be on the bus {ours['EventBusName']} and match the source 'customers', "
                    "its target must be allowed to receive, and its function must log at least one line for an event."
                )
            time.sleep(0.2)
        return Received(lines[0], time.monotonic() - started)
    finally:
        with http_client() as http:
            token = {"Authorization": f"Bearer {access_token(ours)}"}
            http.delete(f"{ours['ApiEndpoint']}/customers/{customer_id}", headers=token)


def logged(lines: Iterable[LogLine]) -> list[LogLine]:
    """What functions logged themselves, the oldest line first."""
    own = (line for line in lines if line.text and not _AROUND_A_CALL.match(line.text))
    return sorted(own, key=lambda line: line.at)
