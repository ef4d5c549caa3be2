package secret

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/shared/fault"
)

const (
	id     = "boomerang/datadog"
	apiKey = "0123456789abcdef0123456789abcdef"
	appKey = "fedcba9876543210fedcba9876543210fedcba98"
)

// clientFunc is a Client made of a function of the staging label.
type clientFunc func(ctx context.Context, stage string) (*secretsmanager.GetSecretValueOutput, error)

func (f clientFunc) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return f(ctx, aws.ToString(in.VersionStage))
}

// sdk returns the real client, which talks to address and does not retry.
func sdk(address string) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		BaseEndpoint:     aws.String(address),
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 1,
	})
}

// serve returns the real client and a server that answers it with handler.
func serve(t *testing.T, handler http.HandlerFunc) *secretsmanager.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return sdk(server.URL)
}

// respond answers as Secrets Manager does, in JSON 1.1
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func answer(status int, body any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { respond(w, status, body) }
}

// exception answers with an error of Secrets Manager's.
func exception(status int, code string) http.HandlerFunc {
	return answer(status, map[string]string{"__type": code, "Message": "the reason of " + code})
}

// holding answers with a secret's content.
func holding(content string) http.HandlerFunc {
	return answer(http.StatusOK, map[string]any{"Name": id, "SecretString": content})
}

func keysJSON() string { return fmt.Sprintf(`{"api_key":%q,"app_key":%q}`, apiKey, appKey) }

func TestNewDatadogKeys_asks_for_the_current_version(t *testing.T) {
	var asked map[string]string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.Header.Get("X-Amz-Target"), "secretsmanager.GetSecretValue"; got != want {
			t.Errorf("X-Amz-Target is %q, want %q", got, want)
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		holding(keysJSON())(w, r)
	})
	if _, err := NewDatadogKeys(client, id, Options{}).Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked["SecretId"] != id || asked["VersionStage"] != "AWSCURRENT" || len(asked) != 2 {
		t.Errorf("asked for %v", asked)
	}
}

func TestNewDatadogKeys_reads(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"both_keys", holding(keysJSON())},
		{"keys_with_white_space_around", holding(fmt.Sprintf(` {"api_key":" %s\n", "app_key":"\t%s\r\n"} `, apiKey, appKey))},
		{"keys_among_others", holding(fmt.Sprintf(`{"site":"datadoghq.eu","n":1,"api_key":%q,"app_key":%q}`, apiKey, appKey))},
		{"a_binary_secret", answer(http.StatusOK, map[string]any{"SecretBinary": base64.StdEncoding.EncodeToString([]byte(keysJSON()))})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := NewDatadogKeys(serve(t, tt.handler), id, Options{}).Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.API.Reveal() != apiKey || got.App.Reveal() != appKey {
				t.Errorf("got %q and %q", got.API.Reveal(), got.App.Reveal())
			}
		})
	}
}

// failures are the ways in which Secrets Manager or the secret fails, and what
// an error must say of each. Contents hold both keys where they can, for the leak test.
var failures = []struct {
	name    string
	handler http.HandlerFunc
	kind    fault.Kind
	says    string
}{
	{"no_secret", exception(400, "ResourceNotFoundException"), fault.Permanent, "does not exist"},
	{"a_bad_ARN", exception(400, "ValidationException"), fault.Permanent, "correct the variable"},
	{"a_bad_parameter", exception(400, "InvalidParameterException"), fault.Permanent, "correct the variable"},
	{"a_secret_to_be_deleted", exception(400, "InvalidRequestException"), fault.Permanent, "restore it"},
	{"content_that_is_not_JSON", holding("api_key=" + apiKey), fault.Permanent, "is not a JSON object"},
	{"content_that_is_a_bare_key", holding(apiKey), fault.Permanent, "is not a JSON object"},
	{"content_cut_off", holding(strings.TrimSuffix(keysJSON(), `"}`)), fault.Permanent, "is not a JSON object"},
	{"content_twice", holding(keysJSON() + keysJSON()), fault.Permanent, "is not a JSON object"},
	{"content_of_null", holding("null"), fault.Permanent, "is not a JSON object"},
	{"content_in_a_list", holding("[" + keysJSON() + "]"), fault.Permanent, "is not a JSON object"},
	{"content_in_a_string", holding(fmt.Sprintf("%q", keysJSON())), fault.Permanent, "is not a JSON object"},
	{"empty_content", holding(""), fault.Permanent, "is not a JSON object"},
	{"an_empty_object", holding("{}"), fault.Permanent, "has no text in api_key and app_key"},
	{"no_app_key", holding(fmt.Sprintf(`{"api_key":%q}`, apiKey)), fault.Permanent, "has no text in app_key: store"},
	{"a_blank_api_key", holding(fmt.Sprintf(`{"api_key":" \n","app_key":%q}`, appKey)), fault.Permanent, "has no text in api_key: store"},
	{"a_null_key", holding(fmt.Sprintf(`{"api_key":null,"app_key":%q}`, appKey)), fault.Permanent, "has no text in api_key: store"},
	{"a_key_in_a_list", holding(fmt.Sprintf(`{"api_key":[%q],"app_key":%q}`, apiKey, appKey)), fault.Permanent, "has no text in api_key: store"},
	{"a_key_that_is_a_number", holding(fmt.Sprintf(`{"api_key":1,"app_key":%q}`, appKey)), fault.Permanent, "has no text in api_key: store"},

	{"no_permission", exception(400, "AccessDeniedException"), fault.Temporary, "secretsmanager:GetSecretValue"},
	{"a_lost_KMS_key", exception(400, "DecryptionFailure"), fault.Temporary, "KMS key"},
	{"throttling", exception(400, "ThrottlingException"), fault.Temporary, "Secrets Manager failed"},
	{"expired_credentials", exception(400, "ExpiredTokenException"), fault.Temporary, "Secrets Manager failed"},
	{"a_server_error", exception(500, "InternalServiceError"), fault.Temporary, "Secrets Manager failed"},
	{"service_unavailable", answer(503, "try later"), fault.Temporary, "Secrets Manager failed"},
	{"an_answer_without_a_value", answer(200, map[string]string{"Name": id}), fault.Temporary, "without a value"},
	{"an_answer_that_is_not_JSON", write(200, "<html>"+apiKey+appKey), fault.Temporary, "Secrets Manager failed"},
	{"an_error_that_is_not_JSON", write(502, "<html>"+apiKey+appKey), fault.Temporary, "Secrets Manager failed"},
	{"an_answer_of_another_shape", write(200, `{"SecretString":{"api_key":"`+apiKey+`"}}`), fault.Temporary, "Secrets Manager failed"},
	{"an_answer_in_broken_JSON", write(200, `{"SecretString":"`+apiKey+`\q`+appKey+`"}`), fault.Temporary, "Secrets Manager failed"},
	{"an_answer_cut_off", cut, fault.Temporary, "Secrets Manager failed"},
	{"a_connection_reset", reset, fault.Temporary, "Secrets Manager failed"},
	{"no_answer", hang, fault.Temporary, "did not answer in time"},
}

func write(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "4096")
	_, _ = io.WriteString(w, `{"SecretString":"{\"api_key\":\"`+apiKey+`\",\"app_key\":\"`+appKey)
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// hang reads the body first: only then does the server notice that the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

const shortTimeout = 50 * time.Millisecond

func optionsFor(failure string) Options {
	if failure == "no_answer" {
		return Options{Timeout: shortTimeout}
	}
	return Options{}
}

func TestNewDatadogKeys_fails_on(t *testing.T) {
	for _, tt := range failures {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewDatadogKeys(serve(t, tt.handler), id, optionsFor(tt.name)).Get(t.Context())
			f, ok := errors.AsType[*fault.Error](err)
			if !ok {
				t.Fatalf("got %v, want a *fault.Error", err)
			}
			if f.Kind != tt.kind || !strings.Contains(f.Public, tt.says) || !strings.Contains(f.Public, id) {
				t.Errorf("got kind %d, %q; want kind %d and a text with %q and %q", f.Kind, f.Public, tt.kind, tt.says, id)
			}
		})
	}
	t.Run("no_server", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		_, err := NewDatadogKeys(sdk(server.URL), id, Options{}).Get(t.Context())
		if !fault.IsTemporary(err) {
			t.Errorf("got %v, want a temporary fault", err)
		}
	})
}

func TestNewDatadogKeys_says_what_to_store(t *testing.T) {
	_, err := NewDatadogKeys(serve(t, holding("{}")), id, Options{}).Get(t.Context())
	want := `secret "boomerang/datadog" has no text in api_key and app_key: store {"api_key":"…","app_key":"…"} in it`
	if got := fault.Public(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNewDatadogKeys_keeps_Secrets_Managers_own_words_as_the_cause(t *testing.T) {
	_, err := NewDatadogKeys(serve(t, exception(400, "AccessDeniedException")), id, Options{}).Get(t.Context())
	if !strings.Contains(err.Error(), "the reason of AccessDeniedException") {
		t.Errorf("the log would not say why: %v", err)
	}
	if strings.Contains(fault.Public(err), "the reason of") {
		t.Errorf("the public text quotes Secrets Manager: %s", fault.Public(err))
	}
}
