"""Deploys what SAM made of template.yaml to the emulator of AWS, and removes it.

The emulator's CloudFormation does not know some types of resources. They are made here or left out.

Usage: MOTO_URL=http://127.0.0.1:5000 deployed.py <file that transformed.py wrote> <parameters.json>
"""

import ast
import io
import json
import os
import sys
import urllib.request
import zipfile

import boto3

STACK = "boomerang"
NOT_EMULATED = {
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::MetricFilter",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::Secret",
    "Custom::DatadogSetup",
}


def client(service):
    return boto3.client(service, endpoint_url=os.environ["MOTO_URL"], region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")


def replaced(tree, known):
    """Puts in what the emulator cannot refer to."""
    if isinstance(tree, dict):
        if set(tree) == {"Ref"}:
            return known.get(tree["Ref"], tree)
        if set(tree) == {"Fn::GetAtt"}:
            name = tree["Fn::GetAtt"]
            return known.get(name if isinstance(name, str) else ".".join(name), tree)
        return {key: replaced(value, known) for key, value in tree.items()}
    if isinstance(tree, list):
        return [replaced(value, known) for value in tree]
    return tree


def upload_code(bucket="bucket"):
    """The functions' code is an empty archive, which the emulator does not run."""
    settings = json.dumps({"lambda": {"use_docker": False}}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["MOTO_URL"] + "/moto-api/config", settings, {"Content-Type": "application/json"}), timeout=30).close()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("bootstrap", "")
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="key", Body=archive.getvalue())


def everything():
    """What the account holds that a stack can leave behind."""
    return {
        "functions": [f["FunctionArn"] for f in client("lambda").list_functions()["Functions"]],
        "event source mappings": [m["UUID"] for m in client("lambda").list_event_source_mappings()["EventSourceMappings"]],
        "queues": [url.rsplit("/", 1)[1] for url in client("sqs").list_queues().get("QueueUrls", [])],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "roles": [r["RoleName"] for r in client("iam").list_roles()["Roles"]],
        "log groups": [g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"]],
        "schedules": [r["Name"] for r in client("events").list_rules()["Rules"]],
    }


def check_roles(known):
    """Every statement of a role must name a resource that exists, by its whole ARN."""
    iam, sqs, dynamodb = client("iam"), client("sqs"), client("dynamodb")
    arns = set(known)
    arns |= {sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"] for url in sqs.list_queues()["QueueUrls"]}
    arns |= {dynamodb.describe_table(TableName=name)["Table"]["TableArn"] for name in dynamodb.list_tables()["TableNames"]}
    arns |= {g["arn"].removesuffix(":*") for g in client("logs").describe_log_groups()["logGroups"]}
    checked = 0
    for role in [r["RoleName"] for r in iam.list_roles()["Roles"]]:
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            if isinstance(document, str):  # The emulator answers with Python instead of JSON.
                document = ast.literal_eval(document)
            for statement in document["Statement"]:
                resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                checked += len(resources)
                # CloudFormation's ARN of a log group ends with :*, which is its streams.
                unknown = [r for r in resources if r.removesuffix(":*") not in arns]
                if unknown:
                    sys.exit(f"{policy} of {role} names resources that do not exist: {unknown}; there are {sorted(arns)}")
    if not checked:
        sys.exit("no statement of a role was checked")
    return checked


def emulated(template, known):
    """Leaves out what the emulator does not know, and puts in what is known in its place."""
    resources = {name: replaced(resource, known) for name, resource in template["Resources"].items() if resource["Type"] not in NOT_EMULATED}
    return {section: part for section, part in template.items() if section not in ("Outputs", "Rules")} | {"Resources": resources}


def make_known(secrets):
    """Makes the secrets, and returns what stands for the resources that are not emulated."""
    known = {name: client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"] for name, text in secrets.items()}
    return known | {"WebhookFunctionUrl.FunctionUrl": "https://webhook.lambda-url.eu-west-1.on.aws/"}


def main(path, parameters):
    with open(path, encoding="utf-8") as file:
        template = json.load(file)
    with open(parameters, encoding="utf-8") as file:
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in json.load(file).items()]
    upload_code()
    known = make_known({"DatadogSecret": "{}", "WebhookSecret": "{}"})
    template = emulated(template, known)

    before, cloudformation = everything(), client("cloudformation")
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(template), Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
    status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    made = {r["LogicalResourceId"] for r in cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]}
    if status != "CREATE_COMPLETE" or made != set(template["Resources"]):
        sys.exit(f"the stack is {status}, and lacks {set(template['Resources']) - made}")
    others = [arn for p in parameters if p["ParameterKey"].endswith("Arns") for arn in p["ParameterValue"].split(",")]
    checked, deployed = check_roles([known["DatadogSecret"], known["WebhookSecret"], *others]), everything()
    cloudformation.delete_stack(StackName=STACK)
    left = everything()
    if left != before:
        sys.exit(f"the stack leaves something behind: {left}, and before it was {before}")
    print("deployed to the emulator and removed:", ", ".join(f"{len(names) - len(before[what])} {what}" for what, names in deployed.items()))
    print(f"{checked} resources in the statements of roles exist")


if __name__ == "__main__":
    main(*sys.argv[1:])
