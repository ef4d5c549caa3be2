#!/usr/bin/env bash
# moto 5.2.5: where a version still has AWSPENDING beside AWSCURRENT, as a rotation leaves it that ends before it takes AWSPENDING away,
# the next PutSecretValue adds AWSCURRENT to the new version and leaves it on the old one. AWS's guide ("What's in a secret") says
# that no two versions have the same label, and AWS moves AWSPREVIOUS to the version that was current. A test of the rotation after
# that one sees two current versions, and a previous one that is too old.
#
# Output seen:
#   rotated  first: AWSPREVIOUS  second: AWSCURRENT AWSPENDING
#   put      first: AWSPREVIOUS  second: AWSCURRENT AWSPENDING  third: AWSCURRENT
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[secretsmanager]==5.2.5'
cat >rotate.py <<'PY'
import boto3
import moto

names = {"1" * 32: "first", "2" * 32: "second", "3" * 32: "third"}
first, second, third = names

@moto.mock_aws
def main():
    client = boto3.client("secretsmanager", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")

    def show(step):
        labels = client.describe_secret(SecretId="token")["VersionIdsToStages"]
        print(f"{step:8} " + "  ".join(f"{names[v]}: {' '.join(sorted(labels[v]))}" for v in sorted(labels)))

    client.create_secret(Name="token", SecretString="a", ClientRequestToken=first)
    client.put_secret_value(SecretId="token", SecretString="b", ClientRequestToken=second, VersionStages=["AWSPENDING"])
    client.update_secret_version_stage(SecretId="token", VersionStage="AWSCURRENT", MoveToVersionId=second, RemoveFromVersionId=first)
    show("rotated")
    client.put_secret_value(SecretId="token", SecretString="c", ClientRequestToken=third)
    show("put")

main()
PY
got=$(venv/bin/python rotate.py)
echo "$got"
want='rotated  first: AWSPREVIOUS  second: AWSCURRENT AWSPENDING
put      first: AWSPREVIOUS  second: AWSCURRENT AWSPENDING  third: AWSCURRENT'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
