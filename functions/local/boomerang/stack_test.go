package main

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/local/sandbox"
	"boomerang/shared/alert"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
)

// useAWS returns the emulator of AWS that the commands use then.
func useAWS(t *testing.T) *awstest.AWS {
	t.Helper()
	aws := awstest.New(t)
	t.Setenv("HOME", t.TempDir())
	for _, variable := range append(aws.Environ(), "AWS_PROFILE=", "AWS_SESSION_TOKEN=") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	return aws
}

// deploy makes a stack with the outputs of template.yaml and the parameters that check compares.
func deploy(t *testing.T, functionURL string, parameters map[string]string) (name string) {
	t.Helper()
	aws := useAWS(t)
	template := map[string]any{
		"Parameters": map[string]any{}, "Resources": map[string]any{"Queue": map[string]any{"Type": "AWS::SQS::Queue"}},
		"Outputs": map[string]any{
			"FunctionUrl":      map[string]any{"Value": functionURL},
			"WebhookSecretArn": map[string]any{"Value": aws.Secret(t, `{"token":"`+sandbox.Token+`"}`)},
			"DatadogSecretArn": map[string]any{"Value": aws.Secret(t, `{"api_key":"`+fakedatadog.DefaultAPIKey+`","app_key":"`+fakedatadog.DefaultAppKey+`"}`)},
		},
	}
	name = "stack-" + rand.Text()
	in := &cloudformation.CreateStackInput{StackName: &name}
	for key, value := range parameters {
		template["Parameters"].(map[string]any)[key] = map[string]any{"Type": "String"}
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: &key, ParameterValue: &value})
	}
	raw, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	in.TemplateBody = new(string(raw))
	if _, err := cloudformation.NewFromConfig(aws.Config()).CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRequest_Stack(t *testing.T) {
	stack := deploy(t, lambdaURL, nil)
	var request events.LambdaFunctionURLRequest
	if err := json.Unmarshal([]byte(mustInvoke(t, nil, "request", torq, "--stack", stack)), &request); err != nil {
		t.Fatal(err)
	}
	if request.Headers["x-webhook-token"] != sandbox.Token || request.RequestContext.HTTP.Method != "POST" || !json.Valid([]byte(request.Body)) {
		t.Errorf("got %+v", request)
	}
	_, err := invoke(t, nil, "request", torq, "--stack", "none")
	errorContains(t, err, "the stack none does not exist in "+awstest.Region)
}

func TestCheck_Stack(t *testing.T) {
	const capacity = "arn:aws:lambda:" + awstest.Region + ":123456789012:function:capacity"
	stack := deploy(t, lambdaURL, map[string]string{"LambdaStepFunctionArns": capacity})
	path := file(t, "needs.yaml", `playbooks: [{name: a, steps: [{uses: lambda, with: {function: capacity}}]}]`)
	contains(t, mustInvoke(t, nil, "check", path, "--stack", stack), "LambdaStepFunctionArns="+capacity)
	if err := os.WriteFile(path, []byte(`playbooks: [{name: a, steps: [{uses: lambda, with: {function: ticket}}]}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := invoke(t, nil, "check", path, "--stack", stack)
	errorContains(t, err, "the stack "+stack+" lacks arn:aws:lambda:"+awstest.Region+":123456789012:function:ticket in LambdaStepFunctionArns")
}

func TestSetup_Check(t *testing.T) {
	stack := deploy(t, lambdaURL, map[string]string{"DatadogSite": "datadoghq.eu"})
	contains(t, mustInvoke(t, nil, "setup", "--check"), "ok    AWS: the account 123456789012 in "+awstest.Region, "Datadog: not checked, because DD_API_KEY")
	contains(t, mustInvoke(t, nil, "setup", "--check", "--stack", "none"), "Datadog: not checked, because the stack none does not exist in ")
	fake := fakedatadog.New(fakedatadog.Options{})
	env := map[string]string{"DATADOG_API_URL": serveTest(t, fake)}
	contains(t, mustInvoke(t, env, "setup", "--check", "--stack", stack), "the API key", "events_read", "monitors_read", "dashboards_read", "integrations_read")
	fake.Deny("dashboards_read")
	_, err := invoke(t, env, "setup", "--check", "--stack", stack)
	errorContains(t, err, "dashboards_read")
}

func TestDrill_Stack(t *testing.T) {
	s := newStack(t, 0)
	deployed := deploy(t, s.url, map[string]string{"DatadogSite": "datadoghq.com"})
	screen := mustInvoke(t, map[string]string{"DATADOG_API_URL": s.env["DATADOG_API_URL"]}, "drill", "--stack", deployed, "--timeout", "30s")
	contains(t, screen, s.url, "200 OK in", "The event in Datadog: ")
	_, err := invoke(t, nil, "drill", s.url, "--stack", deployed)
	errorContains(t, err, "either a URL or a --stack")
}

func TestRedrive_JSON(t *testing.T) {
	aws := useAWS(t)
	env := map[string]string{"REDELIVERY_QUEUE_URL": aws.Queue(t, nil), "DEAD_LETTER_QUEUE_URL": aws.Queue(t, nil)}
	body, err := queue.Encode(queue.Message{Alert: alert.Alert{ID: "7", OrgID: "1", Title: "Checkout is slow"}})
	if err == nil {
		err = queue.New(sqs.NewFromConfig(aws.Config()), env["DEAD_LETTER_QUEUE_URL"]).DeadLetter(t.Context(), body, "refused")
	}
	if err != nil {
		t.Fatal(err)
	}
	contains(t, mustInvoke(t, env, "redrive", "--apply", "--output", "json"), "{\n", `"name": "1:7  Checkout is slow"`, `"reason": "refused"`, `"moved": 1`)
	contains(t, mustInvoke(t, env, "redrive", "-o", "json"), `"messages": []`, `"moved": 0`)
}
