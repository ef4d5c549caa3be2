package fakedatadog_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// secretsClient is AWS's own client, without retries, on a stand-in behind a socket.
func secretsClient(t *testing.T, s *fakedatadog.Server) *secretsmanager.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return secretsmanager.New(secretsmanager.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(server.URL),
		HTTPClient:   server.Client(),
		Retryer:      aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil
		}),
	})
}

func TestSecrets_GetWithTheAWSClient(t *testing.T) {
	clock := newWatch()
	s := fakedatadog.New(fakedatadog.Options{Now: clock.Now, APIKey: "key-1", AppKey: "app-1", Token: "token-1"})
	client := secretsClient(t, s)
	get := func(id, stage, version string) (*secretsmanager.GetSecretValueOutput, error) {
		in := &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)}
		if stage != "" {
			in.VersionStage = aws.String(stage)
		}
		if version != "" {
			in.VersionId = aws.String(version)
		}
		return client.GetSecretValue(t.Context(), in)
	}
	mustGet := func(id, stage, version string) *secretsmanager.GetSecretValueOutput {
		t.Helper()
		out, err := get(id, stage, version)
		if err != nil {
			t.Fatalf("%s %s %s: %v", id, stage, version, err)
		}
		return out
	}

	first := mustGet("boomerang/datadog", "", "")
	if got := aws.ToString(first.SecretString); got != `{"api_key":"key-1","app_key":"app-1"}` {
		t.Errorf("the Datadog secret holds %s", got)
	}
	if got := aws.ToString(mustGet("boomerang/webhook", "AWSCURRENT", "").SecretString); got != `{"token":"token-1"}` {
		t.Errorf("the webhook secret holds %s", got)
	}
	arn := s.SecretARN("boomerang/datadog")
	if aws.ToString(first.ARN) != arn || aws.ToString(first.Name) != "boomerang/datadog" ||
		!first.CreatedDate.Equal(noon) || len(aws.ToString(first.VersionId)) != 36 {
		t.Errorf("name, ARN, date or version: %+v", first)
	}
	if !strings.HasPrefix(arn, "arn:aws:secretsmanager:us-east-1:123456789012:secret:boomerang/datadog-") {
		t.Errorf("ARN %s", arn)
	}
	for _, id := range []string{arn, arn[:len(arn)-7]} {
		if got := mustGet(id, "", ""); aws.ToString(got.SecretString) != aws.ToString(first.SecretString) {
			t.Errorf("%s is another secret", id)
		}
	}

	var notFound *types.ResourceNotFoundException
	if _, err := get("boomerang/datadog", "AWSPREVIOUS", ""); !errors.As(err, &notFound) {
		t.Errorf("a secret that was never rotated has a previous version: %v", err)
	} else if got := notFound.ErrorMessage(); got != "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS" {
		t.Errorf("message %q", got)
	}

	clock.advance(time.Hour)
	s.SetSecret("boomerang/webhook", `{"token":"token-2"}`)
	s.SetSecret(s.SecretARN("boomerang/webhook"), `{"token":"token-3"}`)
	current, previous := mustGet("boomerang/webhook", "AWSCURRENT", ""), mustGet("boomerang/webhook", "AWSPREVIOUS", "")
	if aws.ToString(current.SecretString) != `{"token":"token-3"}` || aws.ToString(previous.SecretString) != `{"token":"token-2"}` {
		t.Errorf("after two rotations current is %s, previous %s", aws.ToString(current.SecretString), aws.ToString(previous.SecretString))
	}
	if diff := cmp.Diff([]string{"AWSPREVIOUS"}, previous.VersionStages); diff != "" {
		t.Errorf("stages of the previous version (-want +got):\n%s", diff)
	}
	if !current.CreatedDate.Equal(noon.Add(time.Hour)) {
		t.Errorf("the new version was created at %v", current.CreatedDate)
	}
	if got := mustGet("boomerang/webhook", "", aws.ToString(previous.VersionId)); aws.ToString(got.SecretString) != `{"token":"token-2"}` {
		t.Errorf("by version: %s", aws.ToString(got.SecretString))
	}
	for name, tc := range map[string]struct{ id, stage, version, kind string }{
		"no_such_secret":           {"boomerang/other", "", "", "ResourceNotFoundException"},
		"half_an_ARN":              {arn[:len(arn)-2], "", "", "ResourceNotFoundException"},
		"no_such_version":          {"boomerang/webhook", "", strings.Repeat("0", 36), "ResourceNotFoundException"},
		"the_version_has_no_stage": {"boomerang/webhook", "AWSCURRENT", aws.ToString(previous.VersionId), "InvalidRequestException"},
	} {
		_, err := get(tc.id, tc.stage, tc.version)
		var refusal smithy.APIError
		if !errors.As(err, &refusal) || refusal.ErrorCode() != tc.kind {
			t.Errorf("%s: %v, want %s", name, err, tc.kind)
		}
	}
}

func TestSecrets_Refuse(t *testing.T) {
	signed := http.Header{"X-Amz-Target": {"secretsmanager.GetSecretValue"}, "Authorization": {"AWS4-HMAC-SHA256 Credential=x"}}
	unsigned := http.Header{"X-Amz-Target": {"secretsmanager.GetSecretValue"}}
	other := http.Header{"X-Amz-Target": {"secretsmanager.DescribeSecret"}}
	for name, tc := range map[string]struct {
		header     http.Header
		body, kind string
	}{
		"a_call_without_a_signature": {unsigned, `{"SecretId":"boomerang/webhook"}`, "MissingAuthenticationTokenException"},
		"a_body_that_is_no_JSON":     {signed, `SecretId`, "SerializationException"},
		"a_call_without_an_id":       {signed, `{}`, "ValidationException"},
		"another_operation":          {other, `{}`, "UnknownOperationException"},
	} {
		t.Run(name, func(t *testing.T) {
			got := askWith(t, newServer(), tc.header, "POST", "/", tc.body).mustBe(t, 400)
			if refusal := decode[map[string]string](t, got.body); refusal["__type"] != tc.kind || refusal["Message"] == "" {
				t.Errorf("%s, want %s with a message", got.body, tc.kind)
			}
			if got.header.Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("media type %q", got.header.Get("Content-Type"))
			}
		})
	}
}

func TestSecrets_NamedByARN(t *testing.T) {
	const (
		full  = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:team/hook-AbC123"
		short = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:dd"
	)
	s := fakedatadog.New(fakedatadog.Options{WebhookSecret: full, DatadogSecret: short})
	client := secretsClient(t, s)
	for id, name := range map[string]string{full: "team/hook", "team/hook": "team/hook", short: "dd", "dd": "dd"} {
		got, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)})
		if err != nil || aws.ToString(got.Name) != name {
			t.Errorf("%s: %v, want the secret %s", id, err, name)
		}
	}
	s.SetSecret("a-b", "{}")
	start, _, _ := strings.Cut(s.SecretARN("a-b"), "-b-")
	if got, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(start)}); err == nil {
		t.Errorf("%s, the start of another name, is %s", start, aws.ToString(got.Name))
	}
	if got := s.SecretARN("boomerang/webhook"); got != "" {
		t.Errorf("a secret that nobody named has the ARN %s", got)
	}
}

func TestSecrets_Faults(t *testing.T) {
	s := newServer()
	client := secretsClient(t, s)
	for m, want := range map[fakedatadog.Fault]struct {
		kind   string
		status int
	}{
		fakedatadog.Forbidden:   {"AccessDeniedException", 400},
		fakedatadog.RateLimited: {"ThrottlingException", 400},
		"status:429":            {"ThrottlingException", 429},
		"status:500":            {"InternalServiceError", 500},
		"status:503":            {"ServiceUnavailableException", 503},
		"status:400":            {"InvalidRequestException", 400},
	} {
		if err := s.Inject(fakedatadog.SecretsGet, m, 1); err != nil {
			t.Fatal(err)
		}
		_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("boomerang/webhook")})
		var refusal smithy.APIError
		var status interface{ HTTPStatusCode() int }
		if !errors.As(err, &refusal) || refusal.ErrorCode() != want.kind || !errors.As(err, &status) || status.HTTPStatusCode() != want.status {
			t.Errorf("%s: %v, want %s with %d", m, err, want.kind, want.status)
		}
	}
}
