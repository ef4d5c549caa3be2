"""Deploys what SAM made of template.yaml to an emulator of AWS, and looks at what is there.

The emulator's CloudFormation knows neither secrets nor Function URLs, alarms,
metric filters and rotations: these are made by hand or left out here, and are
tested as they stand in the template (functions/template_*_test.go).

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

URL = "https://webhook.lambda-url.eu-west-1.on.aws/"
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

problems = []


def client(service):
    return boto3.client(
        service, endpoint_url=os.environ["MOTO_URL"], region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def same(what, wanted, got):
    if wanted != got:
        problems.append(f"{what}:\n    wanted {wanted}\n    got    {got}")


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


def deploy(path, parameters):
    """Returns the resources' physical names by their logical ones."""
    settings = urllib.request.Request(
        os.environ["MOTO_URL"] + "/moto-api/config", json.dumps({"lambda": {"use_docker": False}}).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(settings, timeout=30).close()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("bootstrap", "")
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="key", Body=archive.getvalue())

    secrets = client("secretsmanager")
    known = {"WebhookFunctionUrl.FunctionUrl": URL}
    for name in ("DatadogSecret", "WebhookSecret"):
        known[name] = secrets.create_secret(Name=name, SecretString="{}")["ARN"]

    with open(path, encoding="utf-8") as file:
        template = json.load(file)
    template["Resources"] = {
        name: replaced(resource, known) for name, resource in template["Resources"].items() if resource["Type"] not in NOT_EMULATED
    }
    for section in ("Outputs", "Rules"):
        del template[section]
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    same("the stack", "CREATE_COMPLETE", status)
    made = {r["LogicalResourceId"]: r.get("PhysicalResourceId") for r in cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]}
    same("the resources", sorted(template["Resources"]), sorted(made))
    return made | known


def check_functions(made):
    lambdas = client("lambda")
    everywhere = {
        "DATADOG_SECRET_ARN": made["DatadogSecret"], "DD_API_KEY_SECRET_ARN": made["DatadogSecret"], "DD_SITE": "datadoghq.com",
        "DATADOG_API_URL": "", "AWS_ENDPOINT_URL": "", "DD_SERVICE": "boomerang", "DD_ENV": "prod", "DD_VERSION": "1.2.3",
    }
    queue, dead, table = made["RedeliveryQueue"], made["DeadLetterQueue"], made["LedgerTable"]
    environments = {
        "WebhookFunction": {"WEBHOOK_SECRET_ARN": made["WebhookSecret"], "REDELIVERY_QUEUE_URL": queue, "LEDGER_TABLE": table, "WEBHOOK_NAME": "boomerang", "INTAKE": "direct", "ENRICH_BUDGET": "5s"},
        "RedeliverFunction": {"REDELIVERY_QUEUE_URL": queue, "DEAD_LETTER_QUEUE_URL": dead, "LEDGER_TABLE": table, "WEBHOOK_NAME": "boomerang", "ENRICH_BUDGET": "5s"},
        "ReconcileFunction": {"REDELIVERY_QUEUE_URL": queue, "LEDGER_TABLE": table, "WEBHOOK_NAME": "boomerang"},
        "SetupFunction": {"WEBHOOK_SECRET_ARN": made["WebhookSecret"], "WEBHOOK_NAME": "boomerang"},
        "DrillFunction": {"WEBHOOK_SECRET_ARN": made["WebhookSecret"], "FUNCTION_URL": URL},
    }
    same("the functions", sorted(made[name] for name in environments), sorted(f["FunctionName"] for f in lambdas.list_functions()["Functions"]))
    for name, own in environments.items():
        f = lambdas.get_function_configuration(FunctionName=made[name])
        same(f"the environment of {name}", everywhere | own, f["Environment"]["Variables"])
        role = name.replace("Function", "Role")
        same(f"the role of {name}", client("iam").get_role(RoleName=made[role])["Role"]["Arn"], f["Role"])

    sources = lambdas.list_event_source_mappings()["EventSourceMappings"]
    same("what polls", [(made["RedeliveryQueue"].rsplit("/", 1)[1], made["RedeliverFunction"], 10)],
         [(s["EventSourceArn"].rsplit(":", 1)[1], s["FunctionArn"].rsplit(":", 1)[1], s["BatchSize"]) for s in sources])
    policy = json.loads(lambdas.get_policy(FunctionName=made["WebhookFunction"])["Policy"])["Statement"]
    same("who may call the webhook", {("*", "lambda:InvokeFunctionUrl"), ("*", "lambda:InvokeFunction")}, {(s["Principal"], s["Action"]) for s in policy})


def check_schedules(made):
    events = client("events")
    for function, rate in {"ReconcileFunction": "rate(5 minutes)", "DrillFunction": "rate(1 hour)"}.items():
        rules = events.list_rule_names_by_target(TargetArn=client("lambda").get_function(FunctionName=made[function])["Configuration"]["FunctionArn"])
        found = [events.describe_rule(Name=name) for name in rules["RuleNames"]]
        same(f"the schedule of {function}", [(rate, "ENABLED")], [(rule["ScheduleExpression"], rule["State"]) for rule in found])


def check_stores(made):
    sqs, dynamodb = client("sqs"), client("dynamodb")

    def attributes(queue):
        return sqs.get_queue_attributes(QueueUrl=made[queue], AttributeNames=["All"])["Attributes"]

    queue, dead = attributes("RedeliveryQueue"), attributes("DeadLetterQueue")
    same("the redrive policy", {"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": 11}, json.loads(queue["RedrivePolicy"]))
    same("how long the queues keep", ("345600", "1209600"), (queue["MessageRetentionPeriod"], dead["MessageRetentionPeriod"]))
    same("the visibility timeout", "360", queue["VisibilityTimeout"])
    table = dynamodb.describe_table(TableName=made["LedgerTable"])["Table"]
    same("the table's key", [{"AttributeName": "id", "KeyType": "HASH"}], table["KeySchema"])
    groups = {g["logGroupName"]: g.get("retentionInDays") for g in client("logs").describe_log_groups()["logGroups"]}
    same("the log groups", {f"/aws/lambda/{STACK}-{name}": 14 for name in ("webhook", "redeliver", "reconcile", "setup", "drill")}, groups)


def check_roles(made):
    """Every role must name what there is, by its whole ARN."""
    iam, account = client("iam"), client("sts").get_caller_identity()["Account"]
    sqs = client("sqs")
    arns = {made["DatadogSecret"], made["WebhookSecret"], client("dynamodb").describe_table(TableName=made["LedgerTable"])["Table"]["TableArn"]}
    arns |= {sqs.get_queue_attributes(QueueUrl=made[q], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"] for q in ("RedeliveryQueue", "DeadLetterQueue")}
    # CloudFormation's ARN of a log group ends with :*, which is its streams; the emulator's does not.
    groups = {f"arn:aws:logs:eu-west-1:{account}:log-group:/aws/lambda/{STACK}-" + name for name in ("webhook", "redeliver", "reconcile", "setup", "drill")}
    for role in [r["RoleName"] for r in iam.list_roles()["Roles"]]:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            # The emulator's own mistake: it answers with Python in the place of JSON.
            document = ast.literal_eval(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
            for statement in document["Statement"]:
                resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                unknown = [r for r in resources if r not in arns and r.removesuffix(":*") not in groups]
                same(f"{name} of {role} allows something on what is not there", [], unknown)


def check_removal():
    client("cloudformation").delete_stack(StackName=STACK)
    left = {
        "functions": client("lambda").list_functions()["Functions"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "tables": client("dynamodb").list_tables()["TableNames"],
        "roles": client("iam").list_roles()["Roles"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "schedules": client("events").list_rules()["Rules"],
        "event source mappings": client("lambda").list_event_source_mappings()["EventSourceMappings"],
    }
    for what, some in left.items():
        same(f"{what} that the stack leaves behind", [], some)


def main(path, parameters):
    with open(parameters, encoding="utf-8") as file:
        made = deploy(path, json.load(file))
    check_functions(made)
    check_schedules(made)
    check_stores(made)
    check_roles(made)
    check_removal()
    if problems:
        sys.exit("the stack is not as it should be:\n  " + "\n  ".join(problems))
    print("deployed to the emulator: every variable, event source, schedule, store and role is as it should be, and nothing is left after the removal")


main(*sys.argv[1:])
