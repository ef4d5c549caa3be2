"""Checks what SAM makes of template.yaml.

Since October 2025 a public Function URL needs two permissions: without
lambda:InvokeFunction beside lambda:InvokeFunctionUrl every delivery is answered
403, and nothing in the template itself shows which of them is missing.
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """The template names no managed policy, so looking one up is a mistake."""

    def load(self):
        return {}


WANTED = [
    {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
    {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
]


def main(path):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # As sam package leaves it.
    resources = transform(template, {}, NoManagedPolicies())["Resources"]

    urls = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Url"]
    if [url["AuthType"] for url in urls] != ["NONE"]:
        sys.exit(f"{path} must have one Function URL with AuthType NONE, and has: {urls}")

    permissions = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Permission"]
    for wanted in WANTED:
        if not any(wanted.items() <= permission.items() for permission in permissions):
            sys.exit(f"{path} gives no permission {wanted}, and the Function URL would answer 403; it gives: {permissions}")

    print(f"{path}: the Function URL is open to Datadog by both permissions")


main(sys.argv[1])
