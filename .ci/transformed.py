"""Checks what SAM makes of template.yaml, and writes it to a file for the other checks.

Since October 2025 a public Function URL needs two permissions: without
lambda:InvokeFunction beside lambda:InvokeFunctionUrl every delivery is answered
403, and nothing in the template itself shows which of them is missing.
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html

Usage: transformed.py <template.yaml> <file for the result>
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """The template names no managed policy, so looking one up is a mistake."""

    def load(self):
        return {}


# The public permissions are those of the Function URL. The others are each of one
# service of AWS, and of this account or one of its rules.
PERMISSIONS = [
    {"FunctionName": "WebhookFunction", "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
    {"FunctionName": "WebhookFunction", "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
    {"FunctionName": "ReconcileFunction", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": "ReconcileFunctionSchedule.Arn"},
    {"FunctionName": "DrillFunction", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": "DrillFunctionSchedule.Arn"},
    {"FunctionName": "SetupFunction", "Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com", "SourceAccount": "AWS::AccountId"},
]

# What may start a function without a permission: Lambda's own pollers.
POLLED = [
    {"FunctionName": "RedeliverFunction", "EventSourceArn": "RedeliveryQueue.Arn", "BatchSize": 10,
     "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": {"MaximumConcurrency": "WorkerConcurrency"}},
    {"FunctionName": "RedeliverFunction", "EventSourceArn": "FollowUpQueue.Arn", "BatchSize": 10,
     "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": {"MaximumConcurrency": 2}},
]

# SAM keeps a function's old versions, which go with the function itself.
KEPT = {"AWS::Lambda::Version"}

problems = []


def flat(tree):
    """Lets references read as what they refer to: {"Ref": "Queue"} as "Queue"."""
    if isinstance(tree, dict):
        if set(tree) == {"Ref"}:
            return tree["Ref"]
        if set(tree) == {"Fn::GetAtt"}:
            name = tree["Fn::GetAtt"]
            return name if isinstance(name, str) else ".".join(name)
        return {key: flat(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [flat(value) for value in tree]
    return tree


def same(what, wanted, got):
    for item in wanted:
        if item not in got:
            problems.append(f"{what}: {item} is missing")
    for item in got:
        if item not in wanted:
            problems.append(f"{what}: {item} was not expected")


def statements(tree):
    """Every policy statement, wherever it is, behind conditions too."""
    if isinstance(tree, dict):
        if "Effect" in tree and "Action" in tree:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for value in tree:
            yield from statements(value)


def check(resources):
    def of(kind):
        return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}

    urls = [url["AuthType"] for url in of("AWS::Lambda::Url").values()]
    if urls != ["NONE"]:
        problems.append(f"there must be one Function URL with AuthType NONE: {urls}")
    same("permissions", PERMISSIONS, list(of("AWS::Lambda::Permission").values()))
    same("event source mappings", POLLED, list(of("AWS::Lambda::EventSourceMapping").values()))

    functions = of("AWS::Lambda::Function")
    if len(of("AWS::IAM::Role")) != len(functions):
        problems.append("SAM added a role")

    for name, resource in resources.items():
        for statement in statements(resource["Properties"]):
            if "*" in json.dumps([statement.get(part) for part in ("Action", "Resource", "Principal", "NotAction", "NotResource")]):
                problems.append(f"{name} grants by wildcard: {statement}")
        if resource.get("DeletionPolicy", "Delete") != "Delete" and resource["Type"] not in KEPT:
            problems.append(f"{name} outlives the stack")
    return functions


def main(path, result):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # As sam package leaves it.
    transformed = transform(template, {}, NoManagedPolicies())
    functions = check(flat(transformed["Resources"]))
    if problems:
        sys.exit(f"{path}:\n  " + "\n  ".join(problems))
    with open(result, "w", encoding="utf-8") as file:
        json.dump(transformed, file, indent=1)
    print(f"{path}: {len(functions)} functions with a role each; the Function URL is open to Datadog by both permissions")


main(*sys.argv[1:])
