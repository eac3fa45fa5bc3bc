"""Actions for API Gateway, Cognito and WAF."""

from collections.abc import Mapping, Sequence

from .common import PASS, TAGS, of

# An API that is being created has no tags yet.
_APIS = {
    "Apis": of("apigateway", "DELETE", "GET", "PATCH", "POST", "PUT"),
    "NewApis": of("apigateway", "GET", "POST", "PUT"),
}

API: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::ApiGateway::Account": {
        "GatewayAccount": of("apigateway", "GET", "PATCH"),
        "Roles": ("iam:GetRole",),
        **PASS,
    },
    "AWS::ApiGateway::Deployment": _APIS,
    "AWS::ApiGateway::RestApi": _APIS,
    "AWS::ApiGateway::Stage": _APIS,
    "AWS::Cognito::UserPool": {
        "UserPools": of(
            "cognito-idp",
            "AddCustomAttributes",
            "DeleteUserPool",
            "DescribeUserPool",
            "GetUserPoolMfaConfig",
            "SetUserPoolMfaConfig",
            "UpdateUserPool",
            *TAGS,
        ),
        "Anything": of("cognito-idp", "CreateUserPool"),
    },
    "AWS::Cognito::UserPoolClient": {
        "UserPools": of(
            "cognito-idp",
            "CreateUserPoolClient",
            "DeleteUserPoolClient",
            "DescribeUserPoolClient",
            "ListUserPoolClientSecrets",
            "UpdateUserPoolClient",
        ),
    },
    "AWS::Cognito::UserPoolDomain": {
        "UserPools": of("cognito-idp", "CreateUserPoolDomain", "DeleteUserPoolDomain", "UpdateUserPoolDomain"),
        "Anything": of("cognito-idp", "DescribeUserPoolDomain"),
    },
    "AWS::Cognito::UserPoolGroup": {
        "UserPools": of("cognito-idp", "CreateGroup", "DeleteGroup", "GetGroup", "UpdateGroup"),
    },
    "AWS::Cognito::UserPoolResourceServer": {
        "UserPools": of(
            "cognito-idp",
            "CreateResourceServer",
            "DeleteResourceServer",
            "DescribeResourceServer",
            "UpdateResourceServer",
        ),
    },
    "AWS::WAFv2::LoggingConfiguration": {
        "Firewalls": of("wafv2", "DeleteLoggingConfiguration", "GetLoggingConfiguration", "PutLoggingConfiguration"),
        "Anything": of(
            "logs",
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeLogGroups",
            "DescribeResourcePolicies",
            "PutResourcePolicy",
        ),
    },
    "AWS::WAFv2::WebACL": {
        "Firewalls": of("wafv2", "CreateWebACL", "DeleteWebACL", "GetWebACL", "UpdateWebACL", *TAGS),
    },
    "AWS::WAFv2::WebACLAssociation": {
        "Firewalls": of(
            "wafv2", "AssociateWebACL", "DisassociateWebACL", "GetPermissionPolicy", "GetWebACL", "PutPermissionPolicy"
        ),
        # WAF knows no tags of an API. API Gateway does, and no association is changed without SetWebACL.
        "Apis": ("apigateway:SetWebACL",),
        "ApiStages": of("wafv2", "AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource"),
    },
}
