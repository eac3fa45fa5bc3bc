"""The accounts and keys of the variant `with_accounts`, for both environments: the CDK's and that of the tests."""

PLACES = {"pipeline_account": "111111111111", "staging_account": "222222222222", "production_account": "333333333333"}
KEYS = {
    f"{stage}_key_arn": f"arn:aws:kms:eu-west-1:{PLACES[f'{stage}_account']}:key/0a1b2c3d-0000-4000-8000-000000000000"
    for stage in ("staging", "production")
}
