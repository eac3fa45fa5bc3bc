"""Builds template.yml and deploys it to the local AWS with the same SAM CLI that deploys it to AWS."""

import hashlib
import json
import platform
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from local import emulator, outputs, package_index
from local.aws import LocalAws, child_environment
from local.environments import ROOT, STATE, bin_of
from local.errors import StackError
from local.home import StackHome, write_private
from local.outputs import Outputs
from local.processes import tail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

TEMPLATE: Final = ROOT / "template.yml"
_SAM: Final = ROOT / "local" / "sam.py"
PACKAGES: Final = ("shared", "events", "commands", "projections", "publisher", "queries", "consumer_kit", "consumers")
SETTLES_WITHIN: Final = 60.0  # seconds that an interrupted deploy may continue inside the local AWS
# CloudFormation refuses to update a stack in these states. Locally, starting over is the fastest way out.
_UNRECOVERABLE: Final = re.compile(r"ROLLBACK_FAILED$|^ROLLBACK_COMPLETE$|^CREATE_FAILED$|^DELETE_")


def architecture() -> str:
    """This machine's processor architecture, by Lambda's name for it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def describe(home: StackHome) -> "StackTypeDef | None":
    """Wait until no operation is in progress, then return the deployed stack, or None without one.

    Raises:
        StackError: An operation did not end within `SETTLES_WITHIN`.
    """
    deadline = time.monotonic() + SETTLES_WITHIN
    while True:
        try:
            stack = LocalAws(home.endpoint).cloudformation.describe_stacks(StackName=home.stack_name)["Stacks"][0]
        except ClientError:
            return None
        if not stack["StackStatus"].endswith("_IN_PROGRESS") or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            return stack
        if time.monotonic() > deadline:
            raise StackError(f"Stack {home.stack_name} stays in {stack['StackStatus']}. Run make down, then make up.")
        time.sleep(0.2)


def is_unrecoverable(stack: "StackTypeDef") -> bool:
    """Whether the stack can no longer be updated."""
    return bool(_UNRECOVERABLE.search(stack["StackStatus"]))


def is_current(home: StackHome, stack: "StackTypeDef | None") -> bool:
    """Whether the last successful deploy was of the current sources and the stack has not changed since."""
    if not stack:
        return False
    try:
        recorded = json.loads(_record(home).read_text())
    except (OSError, ValueError):
        return False
    return bool(recorded == {"sources": fingerprint(), "stack": _state_of(stack)})


def is_built(home: StackHome, sources: str) -> bool:
    """Whether the last build was completed and is of the current sources."""
    try:
        return _built(home).read_text() == sources
    except OSError:
        return False


def build(home: StackHome, sources: str = "") -> None:
    """Run `sam build` for this machine's interpreter and processor.

    Args:
        sources: The fingerprint of the sources, taken before. Empty: another build follows in any case.

    Raises:
        StackError: The build failed. The details hold the end of its output.
    """
    for file in (_record(home), _built(home)):
        file.unlink(missing_ok=True)
    arguments = ["--template-file", str(TEMPLATE), "--build-dir", str(home.build), "--build-in-source", "--parallel"]
    if not _sam(home, "build", arguments):
        raise StackError("sam build failed. The end of its output:", details=error_of(tail(home.log("sam-build"), 40)))
    _built(home).write_text(sources)


def deploy(home: StackHome, sources: str) -> Outputs:
    """Run `sam deploy` and save the new outputs.

    Args:
        sources: The fingerprint of the sources, taken before the build. Later changes belong to the next deploy.

    Raises:
        StackError: The deploy failed. The details hold the reasons from the stack's events.
    """
    began = datetime.now(UTC)
    parameters = {
        "Stage": "local",
        "StreamMappingsEnabled": "false",
        "LocalEndpoint": home.endpoint,
        "Runtime": f"python{emulator.python_version()}",
        "Architecture": architecture(),
    }
    arguments = ["--template-file", str(home.build / "template.yaml"), "--stack-name", home.stack_name, "--resolve-s3",
                 "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "--no-confirm-changeset",
                 "--no-fail-on-empty-changeset", "--no-progressbar",
                 "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]  # fmt: skip
    succeeded = _sam(home, "deploy", arguments)
    stack = describe(home)
    if not succeeded or not stack:
        reasons = _reasons(home, began) or error_of(tail(home.log("sam-deploy"), 40))
        raise StackError(f"The deploy of {home.stack_name} failed:", details=reasons)
    fresh = save_outputs(home, stack)
    write_private(_record(home), json.dumps({"sources": sources, "stack": _state_of(stack)}))
    return fresh


def save_outputs(home: StackHome, stack: "StackTypeDef") -> Outputs:
    """Write the stack's outputs to the outputs file and return them."""
    raw = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", ())}
    fresh = outputs.for_this_machine(raw, home.endpoint)
    outputs.write(home, fresh)
    return fresh


def fingerprint(root: Path = ROOT) -> str:
    """A hash of every file that a build or a deploy reads."""
    layer = (path for path in (root / "shared" / "layer").iterdir() if path.is_file())
    kinds = ("*.py", "*.asl.json", "*.html", "*.js", "*.css", "*.svg")
    sources = (path for package in PACKAGES for kind in kinds for path in (root / package).rglob(kind))
    problems = (root / "docs" / "reference" / "problems").glob("*.md")
    files = [root / "template.yml", root / "Makefile", root / "docs" / "openapi.json", *problems, *layer, *sources]
    digest = hashlib.sha256(f"{emulator.python_version()} {architecture()}".encode())
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)} ".encode() + content)
    return digest.hexdigest()


def error_of(output: str) -> str:
    """SAM's error message, without the progress lines before it."""
    before, mark, after = output.rpartition("Error: ")
    return f"{mark}{after}" if mark else before or after


def failure_reasons(events: "Iterable[StackEventTypeDef]", began: datetime) -> list[str]:
    """The reasons of the failures in one deploy, the first cause first.

    Args:
        events: In CloudFormation's order, the newest first.
        began: When the deploy started. Older events are ignored.
    """
    failed = [
        f"{event.get('LogicalResourceId', '?')}: {event.get('ResourceStatusReason') or event['ResourceStatus']}"
        for event in events
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and event["Timestamp"] >= began
        and "cancelled" not in event.get("ResourceStatusReason", "")
    ]
    return list(dict.fromkeys(reversed(failed)))


def _reasons(home: StackHome, began: datetime) -> str:
    try:
        events = LocalAws(home.endpoint).cloudformation.describe_stack_events(StackName=home.stack_name)["StackEvents"]
    except ClientError:
        return ""
    return "\n".join(failure_reasons(events, began.replace(microsecond=0)))


def _sam(home: StackHome, command: str, arguments: list[str]) -> bool:
    env = package_index.environment(child_environment(home.endpoint), STATE) | {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",  # seconds; SAM's default of 5 is meant for the real AWS
        "LAYER_PYTHON": emulator.python_version(),
        "LAYER_PLATFORM": "",  # build for this machine
        "UV": str(bin_of("uv") / "uv"),
        # SAM keeps notes in the home folder, which may be missing or read-only.
        "__SAM_CLI_APP_DIR": str(home.temporary),
        "HOME": str(home.temporary),
    }
    log = home.log(f"sam-{command}")
    for folder in (log.parent, home.temporary):
        folder.mkdir(parents=True, exist_ok=True)
    # samconfig.toml is for AWS. An environment that it does not define keeps its settings from applying here.
    # -P: without it, the modules beside the script would hide packages of the same name.
    program = [str(bin_of("sam") / "python"), "-P", str(_SAM), command, "--config-env", "local-stack", *arguments]
    # SAM leaves temporary folders behind. This one is deleted with the local AWS at the latest.
    with log.open("wb") as output, TemporaryDirectory(dir=home.temporary) as scratch:
        done = subprocess.run(
            program,
            cwd=ROOT,
            env=env | {"TMPDIR": scratch},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0


def _built(home: StackHome) -> Path:
    return home.folder / "built"


def _record(home: StackHome) -> Path:
    return home.folder / "deployed.json"


def _state_of(stack: "StackTypeDef") -> list[str]:
    changed = stack.get("LastUpdatedTime") or stack["CreationTime"]
    return [stack.get("StackId", ""), stack["StackStatus"], str(changed)]
