"""Changes a playbook, a shared package and a function, and checks that each way to build gives the same bytes.

The ways are make build, sam build, sam build --cached, sam build in a copy, and sam sync, once and while it watches. All work
in a copy of this folder.

Usage: MOTO_URL=http://127.0.0.1:5000 builds.py
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import deployed
from deployed import client

STACK = "boomerang-builds"
OWN = "shared/playbook/own/mine.yaml"
PLAYBOOK = "playbooks: [{{name: mine, match: alert.host == '{}'}}]\n"
CHANGES = {
    "a playbook": ("shared/playbook/default.yaml", "playbooks:", "# Changed.\nplaybooks:"),
    "a playbook of one's own": (OWN, "'a'", "'b'"),
    "a shared package": ("shared/pipeline/log.go", '"other"', '"others"'),
    "a function": ("functions/webhook/handler/answer.go", "something went wrong inside", "something failed inside"),
}


def copy_repository():
    copy = pathlib.Path(tempfile.mkdtemp())
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], check=True, capture_output=True, text=True).stdout
    for name in filter(os.path.isfile, files.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, copy / name)
    return copy


class Builds:
    def __init__(self, copy):
        self.copy = copy
        self.built = copy / ".aws-sam/build/WebhookFunction/bootstrap"
        self.environ = dict(
            os.environ, AWS_ENDPOINT_URL=os.environ["MOTO_URL"], AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_MAX_ATTEMPTS="1"
        )

    def run(self, *command, program=None, **environ):
        """Returns the digest of the program that a command builds."""
        program = program or self.built
        program.unlink(missing_ok=True)
        done = subprocess.run(command, cwd=self.copy, env=self.environ | environ, input="y\n", capture_output=True, text=True)
        if done.returncode or not program.exists():
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return digest(program)

    def make(self, **environ):
        return self.run("make", "build", "FUNCTIONS=webhook", program=self.copy / ".build/webhook/bootstrap", **environ)

    def cached(self):
        return self.run("sam", "build", "WebhookFunction", "--cached")

    def ways(self):
        """Every way, with what an environment can set."""
        return {
            "make build": self.make(),
            "make build in another environment": self.make(GOFLAGS="-race -tags=x -buildvcs=true", GOARM64="v9.0", CGO_ENABLED="1", ARTIFACTS_DIR="/"),
            "sam build": self.run("sam", "build", "WebhookFunction", ARCHITECTURE="x86_64"),
            "sam build --cached": self.cached(),
            "sam build in a copy": self.run("sam", "build", "WebhookFunction", "--no-build-in-source"),
            "sam sync": self.run(*SYNC, "--no-watch"),
        }


SYNC = ("sam", "sync", "--code", "--resource-id", "WebhookFunction", "--stack-name", STACK, "--s3-bucket", STACK)


def digest(program):
    return hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()[:12]


def same(what, digests):
    if len(set(digests.values())) != 1:
        sys.exit(f"{what}: the same code, and not the same bytes: {digests}")
    print(f"{what}: the same bytes by {', '.join(digests)}")


def deploy_stack():
    """Deploys a stack whose functions are empty programs, for sam sync to replace."""
    deployed.upload_code(STACK)
    role = client("iam").create_role(RoleName=STACK, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    function = {"Handler": "bootstrap", "Runtime": "provided.al2023", "Role": role, "Code": {"S3Bucket": STACK, "S3Key": "key"}}
    names = re.findall(r"^  (\w+Function):$", pathlib.Path("template.yaml").read_text(), re.MULTILINE)
    template = {"Resources": {name: {"Type": "AWS::Lambda::Function", "Properties": function} for name in names}}
    client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))


def deployed_code():
    (function,) = (f for f in client("lambda").list_functions()["Functions"] if f"{STACK}-WebhookFunction" in f["FunctionName"])
    return function["CodeSha256"]


@contextlib.contextmanager
def watching(builds):
    log = builds.copy / "watch.log"
    with open(log, "wb") as out:
        watcher = subprocess.Popen([*SYNC, "--watch"], cwd=builds.copy, env=builds.environ, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True)
    watcher.stdin.write(b"y\n")
    watcher.stdin.close()
    try:
        yield lambda: log.read_text(errors="replace")
    finally:
        os.killpg(watcher.pid, signal.SIGKILL)
        watcher.wait()


def wait(condition, log, what):
    for _ in range(600):
        if condition():
            return
        time.sleep(1)
    sys.exit(f"{what}\n{log()}")


def change(copy, file, old, new):
    source = (copy / file).read_text()
    if old not in source:
        sys.exit(f"{file} has no {old!r} to change")
    (copy / file).write_text(source.replace(old, new, 1))


def check_without_make(builds):
    """What SAM says is in functions/README.md."""
    programs = builds.copy / "without-make"
    programs.mkdir()
    for name in ("sam", "python", "python3", "go", "git", "sh"):
        (programs / name).symlink_to(shutil.which(name))
    done = subprocess.run([programs / "sam", "build", "SetupFunction"], cwd=builds.copy, env=builds.environ | {"PATH": str(programs)}, capture_output=True, text=True)
    said = re.search(r"CustomMakeBuilder:Resolver - .*", done.stderr)
    if done.returncode == 0 or not said or said[0] not in pathlib.Path("functions/README.md").read_text():
        sys.exit(f"without make, SAM says something else than functions/README.md: {done.stderr}")
    shutil.rmtree(programs)


def check_files_of_stacks(builds):
    """PlaybooksFile chooses what is embedded."""
    trial = builds.copy / "shared/playbook/own/trial/playbooks.yaml"
    trial.parent.mkdir()
    for path, name in ((builds.copy / OWN, "mine"), (trial, "trial")):
        path.write_text(f"playbooks: [{{name: {name}}}]\n")
    for file, name in (("", "mine"), ("own/trial/playbooks.yaml", "trial"), ("own/mine.yaml", "mine"), ("default.yaml", "default")):
        command = ["go", "run", "./functions/local/boomerang", "run", "events/triggered.json", "--output", "json"]
        shown = subprocess.run(command, cwd=builds.copy, env=os.environ | {"PLAYBOOKS_FILE": file}, capture_output=True, text=True)
        if f'"playbook:{name}"' not in shown.stdout:
            sys.exit(f"PLAYBOOKS_FILE={file} does not use the playbook {name}: {shown.stdout}{shown.stderr}")
    shutil.rmtree(trial.parent)
    print("each stack has the playbooks that its PlaybooksFile names")


def check_remote_invoke(builds):
    command = f"go run ./functions/local/boomerang request events/triggered.json | sam remote invoke WebhookFunction --stack-name {STACK} --event-file -"
    done = subprocess.run(command, shell=True, cwd=builds.copy, env=builds.environ, capture_output=True, text=True)
    if done.returncode or '"x-webhook-token"' not in done.stdout:  # The emulator answers with the event.
        sys.exit(f"sam remote invoke: {done.stdout}{done.stderr}")
    print("sam remote invoke takes an event of boomerang request")


def main():
    deploy_stack()
    copy = copy_repository()
    builds = Builds(copy)
    (copy / OWN).write_text(PLAYBOOK.format("a"))
    seen = [builds.cached()]
    for what, (file, old, new) in CHANGES.items():
        change(copy, file, old, new)
        seen.append(builds.cached())
        if seen[-1] in seen[:-1]:
            sys.exit(f"sam build --cached does not see a change in {what}")
    ways = builds.ways()
    same("the webhook with all changes", {"sam build --cached after them": seen[-1]} | ways)

    before = deployed_code()
    with watching(builds) as log:
        wait(lambda: "Sync watch started" in log(), log, "sam sync does not watch")
        time.sleep(10)  # It says so before it does.
        (copy / OWN).write_text(PLAYBOOK.format("c"))
        wait(lambda: deployed_code() != before, log, "sam sync --watch did not deploy a changed playbook")
    same("the webhook that sam sync --watch deployed", {"sam sync --watch": digest(builds.built), "make build": builds.make()})

    (copy / OWN).write_text("playbok: []\n")
    broken = subprocess.run(["sam", "build", "WebhookFunction"], cwd=copy, env=builds.environ, capture_output=True, text=True)
    if broken.returncode == 0 or "unknown key" not in broken.stderr + broken.stdout:
        sys.exit(f"a playbook with a mistake is built: {broken.stderr}")
    (copy / OWN).unlink()
    check_without_make(builds)
    check_files_of_stacks(builds)
    check_remote_invoke(builds)
    (copy / OWN).unlink()
    x86 = builds.run("sam", "build", "SetupFunction", "--parameter-overrides", "Architecture=x86_64", program=copy / ".aws-sam/build/SetupFunction/bootstrap")
    same("setup for x86_64", {"sam build": x86, "make build": builds.run(
        "make", "build", "FUNCTIONS=setup", "ARCHITECTURE=x86_64", program=copy / ".build/setup/bootstrap")})
    shutil.rmtree(copy)


main()
