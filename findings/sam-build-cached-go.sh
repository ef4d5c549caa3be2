#!/usr/bin/env bash
# AWS SAM CLI 1.170.0: `sam build --cached` decides by the files below CodeUri alone. The Go builder compiles a function whose
# CodeUri is one folder of a module, packages of the module included, but after a change in such a package the answer is "Valid
# cache found" and the built binary is the old one.
#
# Output seen:
#   built:                  first
#   after a change:         Valid cache found, first
#   the same, not cached:   second
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==1.170.0
mkdir function text
cat >text/text.go <<'GO'
package text

const Text = "first"
GO
cat >function/main.go <<'GO'
package main

import "app/text"

func main() { println(text.Text) }
GO
cat >template.yaml <<'YAML'
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: go1.x}
    Properties: {CodeUri: function, Handler: bootstrap, Runtime: provided.al2023}
YAML
go mod init app >/dev/null 2>&1
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1
build() { venv/bin/sam build "$@" >log 2>&1 || { cat log >&2; exit 1; }; }
built() { .aws-sam/build/Function/bootstrap 2>&1; }
got=$(
	build --cached
	echo "built:                  $(built)"
	sed -i s/first/second/ text/text.go
	build --cached
	echo "after a change:         $(grep -o 'Valid cache found' log), $(built)"
	build
	echo "the same, not cached:   $(built)"
)
echo "$got"
want='built:                  first
after a change:         Valid cache found, first
the same, not cached:   second'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
