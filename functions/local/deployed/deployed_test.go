package deployed_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/deployed"
	"boomerang/shared/awstest"
	"boomerang/shared/fault"
)

// The emulator writes a CommaDelimitedList as Python does.
const template = `{
  "Parameters": {"HttpStepSecretArns": {"Type": "String"}, "Token": {"Type": "String"}, "Keys": {"Type": "String"}},
  "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
  "Outputs": {"WebhookSecretArn": {"Value": {"Ref": "Token"}}, "DatadogSecretArn": {"Value": {"Ref": "Keys"}}}
}`

func deploy(t *testing.T, aws *awstest.AWS, name string, parameters map[string]string) {
	t.Helper()
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: new(template)}
	for key, value := range parameters {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: &key, ParameterValue: &value})
	}
	if _, err := cloudformation.NewFromConfig(aws.Config()).CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestStack(t *testing.T) {
	aws := awstest.New(t)
	useAWS(t, aws.Environ())
	name := "stack-" + strings.ToLower(t.Name())
	const full, open = "arn:aws:secretsmanager:us-east-1:123456789012:secret:full-AbCdEf", "arn:aws:secretsmanager:us-east-1:123456789012:secret:open-??????"
	deploy(t, aws, name, map[string]string{
		"HttpStepSecretArns": full + "," + open,
		"Token":              aws.Secret(t, `{"token":"the-token"}`), "Keys": aws.Secret(t, `{"apiKey":"a","appKey":"b"}`),
	})
	session, err := deployed.Open(t.Context())
	if err != nil || session.Account.ID != "123456789012" || session.Account.Region != awstest.Region || session.Account.Partition != "aws" {
		t.Fatalf("got %+v, %v", session, err)
	}
	s, err := session.Stack(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := s.Token(t.Context()); err != nil || token != "the-token" {
		t.Errorf("the token is %q, %v", token, err)
	}
	if keys, err := s.Keys(t.Context()); err != nil || keys.API.Reveal() != "a" || keys.App.Reveal() != "b" {
		t.Errorf("the keys are %q and %q, %v", keys.API.Reveal(), keys.App.Reveal(), err)
	}
	other := strings.Replace(full, "full", "other", 1)
	got := s.Missing("HttpStepSecretArns", []string{
		full, strings.Replace(full, "AbCdEf", "??????", 1), open, strings.Replace(open, "??????", "XyZ123", 1), other, full + "x",
	})
	if diff := cmp.Diff([]string{other, full + "x"}, got); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if got := s.Missing("LambdaStepFunctionArns", []string{"arn"}); len(got) != 1 {
		t.Errorf("a stack of an older template has %v", got)
	}
	if _, err := s.Output("FunctionUrl"); !strings.Contains(fault.Public(err), "deploy it again") {
		t.Errorf("no output: %v", err)
	}
	if _, err := session.Stack(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), "the stack none does not exist in "+awstest.Region) {
		t.Errorf("no stack: %v", err)
	}
}

func TestOpen_Errors(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"no region":      {[]string{"AWS_REGION=", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}, "set AWS_REGION"},
		"no credentials": {[]string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID="}, "AWS_PROFILE"},
		"no connection":  {[]string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1"}, "AWS refuses the credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			useAWS(t, c.environ)
			if _, err := deployed.Open(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// useAWS sets the environment of the AWS SDK, without what this machine has.
func useAWS(t *testing.T, environ []string) {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("HOME", t.TempDir())
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}
