"""A runtime for handler.py: the loop that AWS's own Python runtime runs, and nothing more.

It speaks Lambda's Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) with the standard
library, and so starts sooner than AWS's, which loads a client of its own. Usage: bootstrap.py <module>.<function>
"""

import http.client
import importlib
import json
import os
import sys
import traceback

PREFIX = "/2018-06-01/runtime/"


def main():
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module, function = sys.argv[1].rsplit(".", 1)
    handle = getattr(importlib.import_module(module), function)
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", PREFIX + "invocation/next")
        answer = api.getresponse()
        event = answer.read()
        invocation = PREFIX + "invocation/" + answer.headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            path, said = invocation + "/response", handle(json.loads(event), None)
        except Exception as error:
            path, said = invocation + "/error", {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": traceback.format_exc().splitlines()}
        api.request("POST", path, json.dumps(said), {"Content-Type": "application/json"})
        api.getresponse().read()


main()
