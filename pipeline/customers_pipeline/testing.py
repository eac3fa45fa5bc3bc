"""What the end-to-end tests may do in the account of the stage under test."""

from collections.abc import Sequence

from .permissions import GENERATED_IDS, NO_RESOURCE, Permission, arn
from .stages import Stage

# They create temporary users and a second client, confirm a user who signed up, and read the machine clients' secrets.
END_TO_END_ACTIONS = (
    "cognito-idp:AdminAddUserToGroup",
    "cognito-idp:AdminConfirmSignUp",
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminDeleteUser",
    "cognito-idp:AdminSetUserPassword",
    "cognito-idp:CreateUserPoolClient",
    "cognito-idp:DeleteUserPoolClient",
    "cognito-idp:DescribeUserPoolClient",
)


def permissions_to_test(stage: Stage) -> Sequence[Permission]:
    """Return the permissions to use the stage's user pool, and to read how many functions the account may run."""
    return [
        Permission(
            "UseUserPoolOfStage",
            END_TO_END_ACTIONS,
            (arn("cognito-idp", "userpool/*"),),
            GENERATED_IDS,
            # CloudFormation sets this tag on what it creates. Nobody else can set a tag that begins with `aws:`.
            {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": stage.stack}},
        ),
        Permission("ReadConcurrency", ("lambda:GetAccountSettings",), ("*",), NO_RESOURCE),
    ]
