"""Actions for Lambda, CodeDeploy, Step Functions and IAM."""

from collections.abc import Mapping, Sequence

from .common import PASS, TAGS, of

COMPUTE: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::CodeDeploy::Application": {
        "Deployments": of("codedeploy", "CreateApplication", "DeleteApplication", "GetApplication", *TAGS),
    },
    "AWS::CodeDeploy::DeploymentConfig": {
        "Deployments": of("codedeploy", "CreateDeploymentConfig", "DeleteDeploymentConfig", "GetDeploymentConfig"),
    },
    "AWS::CodeDeploy::DeploymentGroup": {
        "Deployments": of(
            "codedeploy",
            "CreateDeployment",
            "CreateDeploymentGroup",
            "DeleteDeploymentGroup",
            "GetApplicationRevision",
            "GetDeployment",
            "GetDeploymentConfig",
            "GetDeploymentGroup",
            "ListDeployments",
            "RegisterApplicationRevision",
            "StopDeployment",
            "UpdateDeploymentGroup",
            *TAGS,
        ),
        **PASS,
    },
    "AWS::IAM::Policy": {
        "BoundedRoles": of("iam", "DeleteRolePolicy", "PutRolePolicy"),
        "Roles": of("iam", "GetRolePolicy"),
    },
    "AWS::IAM::Role": {
        "BoundedRoles": of(
            "iam",
            "AttachRolePolicy",
            "CreateRole",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
        ),
        "Roles": of(
            "iam",
            "DeleteRole",
            "GetRole",
            "GetRolePolicy",
            "ListAttachedRolePolicies",
            "ListRolePolicies",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
            "UpdateRoleDescription",
        ),
    },
    "AWS::Lambda::Alias": {
        "Functions": of(
            "lambda", "CreateAlias", "DeleteAlias", "GetAlias", "GetProvisionedConcurrencyConfig", "UpdateAlias"
        ),
    },
    "AWS::Lambda::EventSourceMapping": {
        "Mappings": of("lambda", "CreateEventSourceMapping", "DeleteEventSourceMapping", "UpdateEventSourceMapping"),
        "MappingsRead": of("lambda", "GetEventSourceMapping", "ListTags", "TagResource", "UntagResource"),
    },
    "AWS::Lambda::Function": {
        "Functions": of(
            "lambda",
            "CreateFunction",
            "DeleteFunction",
            "DeleteFunctionConcurrency",
            "GetFunction",
            "GetFunctionCodeSigningConfig",
            "GetFunctionRecursionConfig",
            "GetFunctionScalingConfig",
            "GetRuntimeManagementConfig",
            "ListTags",
            "PublishVersion",
            "PutFunctionConcurrency",
            "TagResource",
            "UntagResource",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        ),
        "Layers": of("lambda", "GetLayerVersion"),
        **PASS,
    },
    "AWS::Lambda::LayerVersion": {
        "Layers": of("lambda", "DeleteLayerVersion", "GetLayerVersion", "PublishLayerVersion"),
    },
    "AWS::Lambda::Permission": {
        "Functions": of("lambda", "AddPermission", "GetPolicy", "RemovePermission"),
    },
    "AWS::Lambda::Version": {
        "Functions": of(
            "lambda",
            "DeleteFunction",
            "GetFunctionConfiguration",
            "GetFunctionScalingConfig",
            "GetProvisionedConcurrencyConfig",
            "GetRuntimeManagementConfig",
            "ListVersionsByFunction",
            "PublishVersion",
        ),
    },
    "AWS::StepFunctions::StateMachine": {
        "Workflows": of(
            "states",
            "CreateStateMachine",
            "DeleteStateMachine",
            "DescribeStateMachine",
            "UpdateStateMachine",
            *TAGS,
        ),
        **PASS,
    },
}
