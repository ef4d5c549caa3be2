#!/usr/bin/env bash
# AWS SAM CLI 1.170.0, functions with BuildMethod makefile: `sam build --cached` never finds a valid cache for them, although
# nothing has changed. make does not learn the function's architecture, but intrinsic functions in Metadata are evaluated, so
# that ContextPath can name another Makefile for each architecture.
#
# Output seen:
#   cached, the first time:         Cache is invalid, made for arm64
#   cached, nothing has changed:    Cache is invalid, made for arm64
#   with another architecture:      made for x86_64
#   make knows the architecture:    no
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==1.170.0
for architecture in arm64 x86_64; do
	mkdir -p "app/$architecture"
	printf 'build-Function:\n\techo %s >$(ARTIFACTS_DIR)/bootstrap\n\tenv >$(ARTIFACTS_DIR)/environment\n' "$architecture" >"app/$architecture/Makefile"
done
cat >template.yaml <<'YAML'
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Architecture: {Type: String, Default: arm64}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: makefile
      ContextPath: !Sub app/${Architecture}
    Properties:
      CodeUri: app
      Handler: bootstrap
      Runtime: provided.al2023
      Architectures: [!Ref Architecture]
YAML
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1
build() { venv/bin/sam build "$@" >log 2>&1 || { cat log >&2; exit 1; }; }
built() { echo "made for $(cat .aws-sam/build/Function/bootstrap)"; }
got=$(
	build --cached
	echo "cached, the first time:         $(grep -o 'Cache is invalid' log), $(built)"
	build --cached
	echo "cached, nothing has changed:    $(grep -o 'Cache is invalid' log), $(built)"
	build --parameter-overrides Architecture=x86_64
	echo "with another architecture:      $(built)"
	echo "make knows the architecture:    $(grep -qiE 'x86_64|amd64' .aws-sam/build/Function/environment && echo yes || echo no)"
)
echo "$got"
want='cached, the first time:         Cache is invalid, made for arm64
cached, nothing has changed:    Cache is invalid, made for arm64
with another architecture:      made for x86_64
make knows the architecture:    no'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
