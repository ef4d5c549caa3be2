"""What one would write instead of Boomerang: the same round trip in Python, with boto3 and the standard library.

It is written for the benchmark, and written well: clients, secrets and connections are made once, the reads run side by
side. It does what functions/webhook does with its embedded playbook for an alert in our own payload: it checks the
token, claims the alert, reads its monitor and the events around it, posts the event and notes that. What it leaves out
is much (other payloads, limits, rate limits, the queue, cycles, storms), and all of it would only make it slower.
"""

import base64
import hmac
import http.client
import json
import os
import re
import ssl
import time
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MAX_TITLE, MAX_TEXT = 100, 4000
IN_PROGRESS, COMPLETED = "INPROGRESS", "COMPLETED"
KEEP_SECONDS = 15 * 24 * 3600

TLS = ssl.create_default_context()
DATADOG = urlsplit(os.environ.get("DATADOG_API_URL") or "https://api." + os.environ.get("DD_SITE", "datadoghq.com"))
TABLE = os.environ["LEDGER_TABLE"]

# boto3's sessions are not safe to share between threads, while its clients are.
session = boto3.session.Session()
config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})
secrets = session.client("secretsmanager", config=config)
ledger = session.client("dynamodb", config=config)
pool = ThreadPoolExecutor(max_workers=4)
connections = threading.local()


def secret(name):
    return json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])


# Both at once, while the instance starts.
_keys, _token = pool.map(secret, [os.environ["DATADOG_SECRET_ARN"], os.environ["WEBHOOK_SECRET_ARN"]])
KEYS, TOKEN = {"DD-API-KEY": _keys["api_key"], "DD-APPLICATION-KEY": _keys["app_key"]}, _token["token"].encode()


def datadog(method, path, query=None, body=None, keys=("DD-API-KEY", "DD-APPLICATION-KEY")):
    """Calls Datadog over this thread's connection, which is opened again when the other side has closed it."""
    url = path + ("?" + urlencode(query) if query else "")
    headers = {name: KEYS[name] for name in keys} | {"Accept": "application/json"}
    if body is not None:
        body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    for attempt in range(2):
        connection = getattr(connections, "datadog", None)
        if connection is None:
            connection = connections.datadog = http.client.HTTPSConnection(DATADOG.hostname, DATADOG.port, timeout=5, context=TLS)
        try:
            connection.request(method, url, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            break
        except (http.client.HTTPException, OSError):
            connections.datadog = None
            if attempt:
                raise
    if answer.status // 100 != 2:
        raise RuntimeError(f"Datadog answered {method} {path} with {answer.status}")
    return json.loads(content)


def handle(event, _context):
    headers = event["headers"]
    if not hmac.compare_digest(headers.get("x-webhook-token", "").encode(), TOKEN):
        return answer(401)
    body = event["body"]
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        alert = {name: None if value in ("", "null", "None") else value for name, value in json.loads(body).items()}
    except (ValueError, AttributeError):
        return answer(400, {"detail": "the body is not a JSON object"})
    if not alert.get("id"):
        return answer(422, {"detail": "id is missing"})

    key = f"{alert.get('org_id')}:{alert['id']}"
    done = claim(key)
    if done:
        return answer(200, {"status": "duplicate", "event": done})
    try:
        steps, findings = enrich(alert)
        posted = datadog("POST", "/api/v1/events", body=compose(alert, findings), keys=("DD-API-KEY",))["event"]
    except Exception:
        ledger.delete_item(TableName=TABLE, Key={"id": {"S": key}})
        raise
    complete(key, posted)
    return answer(200, {"status": "posted", "event": {"id": str(posted["id"]), "url": posted.get("url")}, "playbook": "python", "steps": steps})


def answer(status, body=None):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body) if body else ""}


def claim(key):
    """Returns the event if the alert is done, and nothing if it is now ours to do."""
    now = time.time()
    try:
        ledger.put_item(
            TableName=TABLE,
            Item={
                "id": {"S": key}, "status": {"S": IN_PROGRESS},
                "in_progress_until": {"N": str(int((now + 14) * 1000))}, "expires_at": {"N": str(int(now) + KEEP_SECONDS)},
            },
            ConditionExpression="attribute_not_exists(id) OR expires_at < :now OR (#status = :busy AND in_progress_until < :now_ms)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":now": {"N": str(int(now))}, ":now_ms": {"N": str(int(now * 1000))}, ":busy": {"S": IN_PROGRESS}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as error:
        item = error.response.get("Item", {})
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException" or item.get("status", {}).get("S") != COMPLETED:
            raise
        return json.loads(item["event"]["S"])
    return None


def complete(key, posted):
    ledger.put_item(
        TableName=TABLE,
        Item={
            "id": {"S": key}, "status": {"S": COMPLETED}, "expires_at": {"N": str(int(time.time()) + KEEP_SECONDS)},
            "event": {"S": json.dumps({"id": str(posted["id"]), "url": posted.get("url")})},
        },
    )


def enrich(alert):
    """Runs the steps in parallel, and skips those that fail."""
    reads = {"monitor": pool.submit(monitor, alert), "related_events": pool.submit(related_events, alert)}
    steps, findings = [], []
    for name, read in reads.items():
        try:
            findings.append(read.result(timeout=5))
            steps.append({"name": name, "status": "ok"})
        except Exception as error:
            steps.append({"name": name, "status": "failed", "error": str(error)})
    return steps, findings


def monitor(alert):
    found = datadog("GET", "/api/v1/monitor/" + quote(str(alert["alert_id"])), {"group_states": "all", "with_downtimes": "true"})
    failing = [name for name, group in found.get("state", {}).get("groups", {}).items() if group["status"] != "OK"]
    thresholds = ", ".join(f"{name} {value}" for name, value in found.get("options", {}).get("thresholds", {}).items())
    runbooks = re.findall(r"https?://[^\s)]+", found.get("message", ""))
    return "\n".join([f"### {found['name']}", f"- Query: `{found['query']}`", f"- Thresholds: {thresholds}"]
                     + [f"- Fails: {name}" for name in failing] + [f"- See {link}" for link in runbooks])


def related_events(alert):
    at = int(alert["date"]) // 1000
    service = next((tag for tag in alert["tags"].split(",") if tag.startswith("service:")), "")
    found = datadog("GET", "/api/v1/events", {"start": at - 3600, "end": at + 300, "tags": service, "unaggregated": "true"})
    lines = [f"- {time.strftime('%H:%M', time.gmtime(e['date_happened']))} {e['title']}" for e in found["events"][:14]]
    return "\n".join(["### Related events"] + lines)


def quiet(text):
    """Escapes mentions, which would notify people again."""
    return re.sub(r"@(?=[\w-])", "@\u200b", text)


def compose(alert, findings):
    found = quiet("\n\n".join(findings))[:MAX_TEXT - 10]
    # A long message is shortened, the findings are not.
    message = quiet((alert.get("event_msg") or "")[:MAX_TEXT])[:MAX_TEXT - 10 - len(found)]
    return {
        "title": quiet(alert["event_title"])[:MAX_TITLE],
        "text": f"%%%\n{message}\n\n{found}\n%%%",
        "date_happened": int(alert["date"]) // 1000,
        "alert_type": alert.get("alert_type") or "info",
        "aggregation_key": (alert.get("alert_cycle_key") or "")[:100],
        "related_event_id": int(alert["id"]),
        "tags": (alert.get("tags") or "").split(",") + ["boomerang", f"monitor:{alert['alert_id']}", "playbook:python"],
    }
