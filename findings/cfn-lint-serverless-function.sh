#!/usr/bin/env bash
# cfn-lint 1.58.0: of three mistakes that it finds in an AWS::Lambda::Function and its neighbours it finds none when the same
# function is an AWS::Serverless::Function: a timeout of more than 900 seconds, a rate "5 minute", and a queue whose visibility
# timeout is shorter than the function's timeout. Checks of other properties, such as MemorySize, do work there.
#
# Output seen:
#   AWS::Lambda::Function
#     E3027 'minute' is not one of ['minutes', 'hours', 'days']
#     E3034 64 is less than the minimum of 128
#     E3505 Queue visibility timeout (30) is less than Function timeout (901) seconds
#     E3717 901 is greater than the maximum of 900
#   AWS::Serverless::Function
#     E3034 64 is less than the minimum of 128
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check cfn-lint==1.58.0 aws-sam-translator==1.115.0
cat >lambda.yaml <<'YAML'
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::123456789012:role/function
      Code: {S3Bucket: artifacts, S3Key: function.zip}
      Handler: bootstrap
      Runtime: provided.al2023
      Timeout: 901
      MemorySize: 64
  Rule:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(5 minute), Targets: [{Id: function, Arn: !GetAtt Function.Arn}]}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Function, EventSourceArn: !GetAtt Queue.Arn}
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}
YAML
cat >serverless.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://artifacts/function.zip
      Handler: bootstrap
      Runtime: provided.al2023
      Timeout: 901
      MemorySize: 64
      Events:
        Rule: {Type: Schedule, Properties: {Schedule: rate(5 minute)}}
        Mapping: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}
YAML
found() {
	venv/bin/cfn-lint --regions us-east-1 --format json -t "$1" | venv/bin/python -c '
import json, sys
for match in sorted(json.load(sys.stdin), key=lambda m: m["Rule"]["Id"]):
    print(" ", match["Rule"]["Id"], match["Message"].split(" for ")[0])' || true
}
got=$(echo AWS::Lambda::Function; found lambda.yaml; echo AWS::Serverless::Function; found serverless.yaml)
echo "$got"
want='AWS::Lambda::Function
  E3027 '\''minute'\'' is not one of ['\''minutes'\'', '\''hours'\'', '\''days'\'']
  E3034 64 is less than the minimum of 128
  E3505 Queue visibility timeout (30) is less than Function timeout (901) seconds
  E3717 901 is greater than the maximum of 900
AWS::Serverless::Function
  E3034 64 is less than the minimum of 128'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
