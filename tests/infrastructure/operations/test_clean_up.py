"""`clean-up` on moto: after a typed name, nothing of a stage stops a new one."""

import io
import json
from collections.abc import Iterator

import pytest
from moto import mock_aws

from operations.account import AwsAccount
from operations.actions.clean_up import clean_up
from operations.command_line import parse
from operations.errors import CommandError
from operations.jobs.preflight.findings import OK, PlannedDeployment
from operations.jobs.preflight.names_taken import check_domain, check_names
from operations.output import Output
from tests.infrastructure.operations.moto_clients import REGION, moto_client

STACK = "CustomersApiStaging"
PLAN = PlannedDeployment("staging", STACK)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsAccount]:
    # moto intercepts calls to AWS's own addresses only.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield AwsAccount(REGION, moto_client, lambda _: True)


def leave_everything(account: AwsAccount, stage: str = "staging") -> str:
    """What a stage leaves behind: protected tables, a protected pool with its domain, a secret and a log group."""
    for table in ("customer-events", "customer-claims", "customer-erasures", "customers"):
        account.client("dynamodb").create_table(
            TableName=f"{stage}-{table}",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            DeletionProtectionEnabled=True,
        )
    cognito = account.client("cognito-idp")
    pool: str = cognito.create_user_pool(PoolName=f"{stage}-customers-api-user-pool", DeletionProtection="ACTIVE")[
        "UserPool"
    ]["Id"]
    cognito.create_user_pool_domain(Domain=f"customer-api-{stage}-123456789012", UserPoolId=pool)
    account.client("secretsmanager").create_secret(Name=f"{stage}-customers-signing-key", SecretString="x")
    account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{stage}-customers-CreateCustomer")
    return pool


def make_stack(account: AwsAccount) -> None:
    key = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {"KeyPolicy": "{}"}}
    account.client("cloudformation").create_stack(
        StackName=STACK, TemplateBody=json.dumps({"Resources": {"DataKey": key}})
    )


def run(account: AwsAccount, words: str = "", typed: str = STACK) -> tuple[int, str]:
    shown = io.StringIO()
    status = clean_up(
        account, parse(["clean-up", "--stage", "staging", *words.split()]), Output(to=shown), lambda _: typed
    )
    return status, shown.getvalue()


def test_nothing_stops_a_new_stage_afterwards(account: AwsAccount) -> None:
    leave_everything(account)
    make_stack(account)

    status, shown = run(account)

    assert status == 0
    assert shown.count("removed table") == 4
    assert [each.result for each in (*check_names(account, PLAN), *check_domain(account, PLAN))] == [OK, OK]
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []
    [key] = account.client("kms").list_keys()["Keys"]
    assert account.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert run(account) == (0, f"Nothing is left of {STACK} in {REGION}.\n")


def test_a_stage_without_its_stack_is_cleaned_as_well(account: AwsAccount) -> None:
    leave_everything(account)

    assert run(account)[0] == 0
    assert account.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize("typed", ["", "yes", "CustomersApiProduction", "customersapistaging"])
def test_nothing_goes_unless_the_stack_s_name_is_typed(account: AwsAccount, typed: str) -> None:
    leave_everything(account)

    with pytest.raises(CommandError, match="Nothing was deleted"):
        run(account, typed=typed)
    assert len(account.client("dynamodb").list_tables()["TableNames"]) == 4


def test_without_a_terminal_the_name_is_an_option(account: AwsAccount) -> None:
    leave_everything(account)

    def nobody(_: str) -> str:
        raise EOFError

    words = ["clean-up", "--stage", "staging"]
    with pytest.raises(CommandError, match=f"--confirm {STACK}"):
        clean_up(account, parse(words), Output(to=io.StringIO()), nobody)
    assert clean_up(account, parse([*words, "--confirm", STACK]), Output(to=io.StringIO()), nobody) == 0


def test_the_other_stage_stays_whole(account: AwsAccount) -> None:
    leave_everything(account, "staging")
    pool = leave_everything(account, "production")

    run(account)

    assert len(account.client("dynamodb").list_tables()["TableNames"]) == 4
    assert [each["Id"] for each in account.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]] == [pool]


def test_an_interrupted_clean_up_is_finished_by_the_next(account: AwsAccount) -> None:
    leave_everything(account)
    account.client("dynamodb").update_table(TableName="staging-customers", DeletionProtectionEnabled=False)
    account.client("dynamodb").delete_table(TableName="staging-customers")

    assert run(account)[0] == 0
    assert account.client("dynamodb").list_tables()["TableNames"] == []


def test_what_will_go_is_shown_before_the_question(account: AwsAccount) -> None:
    leave_everything(account)
    account.client("dynamodb").put_item(TableName="staging-customers", Item={"id": {"S": "a"}})
    shown = io.StringIO()

    def look(question: str) -> str:
        assert "about 1 items, protected" in shown.getvalue()
        assert f"Type {STACK}" in question
        return ""

    with pytest.raises(CommandError):
        clean_up(account, parse(["clean-up", "--stage", "staging"]), Output(to=shown), look)
