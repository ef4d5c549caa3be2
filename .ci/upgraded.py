"""Upgrades stacks of older templates, each named after its commit, with data in the table and the queue, to this template
in the emulator of AWS; lets an update fail; and sends alerts to the built webhook in AWS's emulator of the runtime before,
between and after.

The emulator of CloudFormation does not roll back by itself. The previous template is applied again, as CloudFormation does.

Usage: MOTO_URL=http://127.0.0.1:5000 upgraded.py <emulator of the runtime> <built webhook> <older template>...
"""

import copy
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import deployed
from deployed import client

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

TOKEN = "the-token"
# The emulator cannot leave out a part by a condition, so all parts are there.
PARAMETERS = {
    "DatadogApiKey": "0" * 32, "DatadogAppKey": "1" * 40, "Intake": "queue", "RotateTokenDays": "30", "DrillSchedule": "rate(1 hour)", "Version": "1",
    "LambdaStepFunctionArns": "arn:aws:lambda:eu-west-1:123456789012:function:a",
    "HttpStepSecretArns": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf",
}


class NoManagedPolicies:
    def load(self):
        return {}


def expanded(source, known):
    """The template as CloudFormation gets it from SAM, without what the emulator does not know."""
    template = yaml_parse(source)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
            resource["Properties"].pop("Layers", None)
    template["Globals"]["Function"].pop("Layers", None)
    template = deployed.emulated(transform(template, {}, NoManagedPolicies()), known)
    # The emulator gives messages to its own functions, which take and lose them.
    template["Resources"] = {name: r for name, r in template["Resources"].items() if r["Type"] != "AWS::Lambda::EventSourceMapping"}
    return template


def change(action, stack, template):
    """Creates or updates a stack, and returns its resources."""
    cloudformation = client("cloudformation")
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items() if key in template["Parameters"]]
    getattr(cloudformation, action)(StackName=stack, TemplateBody=json.dumps(template), Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
    resources = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources}


def free_address():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % one.getsockname()[1]


def send_alert(runtime, program, resources):
    """Sends an alert to the webhook with the environment of the deployed one, and returns the status of its answer."""
    variables = client("lambda").get_function_configuration(FunctionName=resources["WebhookFunction"])["Environment"]["Variables"]
    address = free_address()
    environ = {name: str(value) for name, value in variables.items()} | {
        "AWS_ENDPOINT_URL": os.environ["MOTO_URL"], "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "14",
    }
    command = [runtime, "--log-level", "error", "--runtime-api-address", free_address(), "--runtime-interface-emulator-address", address, program]
    function = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with open("events/triggered.json", encoding="utf-8") as file:
        event = json.load(file)
    event["headers"]["x-webhook-token"] = TOKEN
    try:
        for _ in range(600):
            try:
                request = urllib.request.Request(f"http://{address}/2015-03-31/functions/function/invocations", json.dumps(event).encode())
                answer = json.load(urllib.request.urlopen(request, timeout=30))
                if answer.get("statusCode") != 202:
                    function.kill()
                    sys.exit(f"the webhook answers {answer}; it wrote {function.communicate()[0].decode()}")
                return 202
            except urllib.error.URLError:
                time.sleep(0.1)
        sys.exit("the emulator of the runtime does not start")
    finally:
        function.kill()
        function.communicate()


def queued(resources):
    attributes = client("sqs").get_queue_attributes(QueueUrl=resources["RedeliveryQueue"], AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def must(condition, what):
    if not condition:
        sys.exit(what)


def upgrade(path, runtime, program, known):
    commit = os.path.splitext(os.path.basename(path))[0]
    stack = f"boomerang-{commit}"
    with open(path, encoding="utf-8") as file:
        old = expanded(file.read(), known)
    with open("template.yaml", encoding="utf-8") as file:
        new = expanded(file.read(), known)
    resources = change("create_stack", stack, old)
    item = {"id": {"S": "alert#1"}, "status": {"S": "COMPLETED"}}
    client("dynamodb").put_item(TableName=resources["LedgerTable"], Item=item)
    must(send_alert(runtime, program, resources) == 202 and queued(resources) == 1, f"{commit}: the first alert is not queued")

    def must_flow(now, count, what):
        for name in ("LedgerTable", "RedeliveryQueue", "DeadLetterQueue", "WebhookFunction", "RedeliverFunction"):
            must(now[name] == resources[name], f"{what} replaces {name}")
        must(client("dynamodb").get_item(TableName=now["LedgerTable"], Key={"id": item["id"]}).get("Item") == item, f"{what} loses an item")
        must(send_alert(runtime, program, now) == 202 and queued(now) == count, f"after {what} an alert is not queued: {queued(now)} of {count} messages")

    failing = copy.deepcopy(new)
    failing["Resources"]["Failing"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "not a name!"}}
    try:
        change("update_stack", stack, failing)
        sys.exit("an update with a wrong queue succeeds")
    except client("cloudformation").exceptions.ClientError as error:
        print(f"{commit}: an update fails: {error.response['Error']['Code']}")
    must_flow(change("update_stack", stack, old), 2, "a failed update and its rollback")
    now = change("update_stack", stack, new)
    must(set(new["Resources"]) <= set(now), f"the upgrade lacks {set(new['Resources']) - set(now)}")
    must_flow(now, 3, "the upgrade")
    print(f"{commit}: upgraded with its items and messages, which also survive an update that fails")


def main(runtime, program, *templates):
    deployed.upload_code()
    known = deployed.make_known({"DatadogSecret": '{"api_key":"a","app_key":"b"}', "WebhookSecret": json.dumps({"token": TOKEN})})
    for path in templates:
        upgrade(path, runtime, program, known)


main(*sys.argv[1:])
