package runtime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/logging"

	"boomerang/shared/config"
	"boomerang/shared/fault"
)

// setLambdaEnv sets what Lambda sets, and what a test adds.
func setLambdaEnv(t *testing.T, more map[string]string) {
	t.Helper()
	for name, value := range map[string]string{
		"HOME": t.TempDir(), "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "",
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session",
	} {
		t.Setenv(name, value)
	}
	for name, value := range more {
		t.Setenv(name, value)
	}
}

func TestFromLambda_SignsWithRole(t *testing.T) {
	var signed http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed = r.Header
		_, _ = io.WriteString(w, `{"SecretString":"x"}`)
	}))
	defer server.Close()
	setLambdaEnv(t, map[string]string{"AWS_ENDPOINT_URL": server.URL})
	client := secretsmanager.NewFromConfig(FromLambda(t.Context()).AWS)
	out, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("token")})
	if err != nil || aws.ToString(out.SecretString) != "x" {
		t.Fatalf("got %v, %v", out, err)
	}
	authorization := signed.Get("Authorization")
	if !strings.Contains(authorization, "Credential=AKIAIOSFODNN7EXAMPLE/") || !strings.Contains(authorization, "/eu-west-1/secretsmanager/") {
		t.Errorf("signed as %s", authorization)
	}
	if got := signed.Get("X-Amz-Security-Token"); got != "session" {
		t.Errorf("session token %q", got)
	}
}

func TestOpen_Problems(t *testing.T) {
	for name, tt := range map[string]struct {
		variables map[string]string
		want      []string
	}{
		"no region":        {map[string]string{"AWS_REGION": ""}, []string{"AWS_REGION is not set", "DATADOG_SECRET_ARN"}},
		"wrong retry mode": {map[string]string{"AWS_RETRY_MODE": "often"}, []string{"often", "DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
	} {
		t.Run(name, func(t *testing.T) {
			setLambdaEnv(t, tt.variables)
			_, _, err := Open[config.Setup](t.Context(), FromLambda(t.Context()))
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not name %q", err, want)
				}
			}
		})
	}
}

func TestSDKLogger(t *testing.T) {
	var out bytes.Buffer
	logger := sdkLogger(slog.New(slog.NewJSONHandler(&out, nil)))
	logger.Logf(logging.Debug, "quiet")
	logger.Logf(logging.Warn, "the clock is %d s off", 7)
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"level":"WARN","msg":"AWS SDK: the clock is 7 s off"`) {
		t.Errorf("logged %s", got)
	}
}

// secretFunc is a secret whose state a function gives.
type secretFunc func(context.Context) error

func (f secretFunc) Ready(ctx context.Context) error { return f(ctx) }

func TestWaitForSecrets(t *testing.T) {
	wrong := secretFunc(func(context.Context) error { return fault.New(fault.Permanent, "the token is empty", nil) })
	slow := secretFunc(func(ctx context.Context) error {
		<-ctx.Done()
		return fault.New(fault.Temporary, "Secrets Manager is slow", ctx.Err())
	})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := WaitForSecrets(t.Context(), slow, slow); err != nil {
			t.Errorf("a temporary error stops the start: %v", err)
		}
		if took := time.Since(start); took != secretsTimeout {
			t.Errorf("waited %v, want %v", took, secretsTimeout)
		}
		err := WaitForSecrets(t.Context(), wrong, slow, wrong)
		if err == nil || strings.Count(err.Error(), "the token is empty") != 2 || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want both wrong secrets", err)
		}
	})
}
