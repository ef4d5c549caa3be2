package wiring

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/logging"
	"github.com/caarlos0/env/v11"
)

// inLambda puts into the environment what Lambda puts there, and more; a value that
// is empty takes a variable away.
func inLambda(t *testing.T, more map[string]string) {
	environ := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session",
	}
	maps.Copy(environ, more)
	for name, value := range environ {
		t.Setenv(name, value)
	}
}

func TestLoadAWS_signs_with_the_role_that_the_environment_holds(t *testing.T) {
	var signed http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed = r.Header
		_, _ = io.WriteString(w, `{"SecretString":"x"}`)
	}))
	defer server.Close()
	for name, variables := range map[string]map[string]string{
		"one address for all services": {"AWS_ENDPOINT_URL": server.URL},
		"one of the service's own":     {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.URL},
	} {
		t.Run(name, func(t *testing.T) {
			inLambda(t, variables)
			cfg, err := loadAWS(env.ToMap(os.Environ()), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			id := "token"
			out, err := newSecrets(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
			if err != nil || aws.ToString(out.SecretString) != "x" {
				t.Fatalf("got %v, %v", out, err)
			}
			const want = "Credential=AKIAIOSFODNN7EXAMPLE/"
			if got := signed.Get("Authorization"); !strings.Contains(got, want) || !strings.Contains(got, "/eu-west-1/secretsmanager/") {
				t.Errorf("signed as %s", got)
			}
			if got := signed.Get("X-Amz-Security-Token"); got != "session" {
				t.Errorf("session token %q", got)
			}
		})
	}
}

// asked is an HTTP client that notes the host and goes nowhere.
type asked struct{ hosts []string }

func (a *asked) Do(r *http.Request) (*http.Response, error) {
	a.hosts = append(a.hosts, r.URL.Host)
	return nil, fmt.Errorf("nobody is at %s", r.URL.Host)
}

func TestLoadAWS_goes_where_the_environment_says(t *testing.T) {
	for _, tt := range []struct {
		name      string
		variables map[string]string
		host      string
	}{
		{"the region's endpoint", nil, "dynamodb.eu-west-1.amazonaws.com"},
		{"another region", map[string]string{"AWS_REGION": "cn-north-1"}, "dynamodb.cn-north-1.amazonaws.com.cn"},
		{"the default region", map[string]string{"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"}, "dynamodb.us-east-2.amazonaws.com"},
		{"a validated endpoint", map[string]string{"AWS_REGION": "us-east-1", "AWS_USE_FIPS_ENDPOINT": "true"}, "dynamodb-fips.us-east-1.amazonaws.com"},
		{"an endpoint with IPv6", map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "True"}, "dynamodb.eu-west-1.api.aws"},
		{"an address that is not to count", map[string]string{
			"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		}, "dynamodb.eu-west-1.amazonaws.com"},
		{"an empty address is none", map[string]string{"AWS_ENDPOINT_URL": "", "AWS_USE_FIPS_ENDPOINT": "false"}, "dynamodb.eu-west-1.amazonaws.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inLambda(t, map[string]string{"AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "standard"})
			inLambda(t, tt.variables)
			cfg, err := loadAWS(env.ToMap(os.Environ()), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			a := &asked{}
			cfg.HTTPClient = a
			name := "ledger"
			item := &dynamodb.GetItemInput{TableName: &name, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "x"}}}
			if _, err := newTable(cfg).GetItem(t.Context(), item); err == nil {
				t.Fatal("it found something")
			}
			if len(a.hosts) != 1 || a.hosts[0] != tt.host {
				t.Errorf("asked %v, want %s once", a.hosts, tt.host)
			}
		})
	}
}

func TestLoadAWS_names_all_that_is_wrong(t *testing.T) {
	for _, tt := range []struct {
		name    string
		environ map[string]string
		want    []string
	}{
		{
			"nothing there",
			map[string]string{"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY_ID": ""},
			[]string{"AWS_REGION is not set", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set"},
		},
		{"no number", map[string]string{"AWS_MAX_ATTEMPTS": "many"}, []string{`AWS_MAX_ATTEMPTS`, `many`}},
		{
			"no mode, and no flag",
			map[string]string{"AWS_RETRY_MODE": "often", "AWS_USE_FIPS_ENDPOINT": "yes"},
			[]string{"AWS_RETRY_MODE", "often", "AWS_USE_FIPS_ENDPOINT", "yes"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inLambda(t, tt.environ)
			_, err := loadAWS(env.ToMap(os.Environ()), slog.New(slog.DiscardHandler))
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
}

func TestLoadAWS_what_the_SDK_says_is_logged_as_JSON(t *testing.T) {
	var out bytes.Buffer
	inLambda(t, nil)
	cfg, err := loadAWS(env.ToMap(os.Environ()), slog.New(slog.NewJSONHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger.Logf(logging.Debug, "quiet")
	cfg.Logger.Logf(logging.Warn, "the clock is %d s off", 7)
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"level":"WARN","msg":"the AWS SDK: the clock is 7 s off"`) {
		t.Errorf("logged %s", got)
	}
}
