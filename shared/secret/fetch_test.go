package secret

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

const (
	id     = "boomerang/datadog"
	apiKey = "0123456789abcdef0123456789abcdef"
	appKey = "fedcba9876543210fedcba9876543210fedcba98"
)

// serve returns the real client, without retries, of a server.
func serve(t *testing.T, handler http.HandlerFunc) *secretsmanager.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// write responds in AWS's JSON 1.1 (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func write(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func exception(status int, code string) http.HandlerFunc {
	return write(status, fmt.Sprintf(`{"__type":%q,"Message":"the reason of %s"}`, code, code))
}

// holding responds with the content of a secret.
func holding(content string) http.HandlerFunc {
	body, _ := json.Marshal(map[string]any{"Name": id, "SecretString": content})
	return write(http.StatusOK, string(body))
}

func keysJSON() string { return fmt.Sprintf(`{"api_key":%q,"app_key":%q}`, apiKey, appKey) }

// byAction responds by the action of the request.
type byAction map[string]http.HandlerFunc

func (b byAction) respond(w http.ResponseWriter, r *http.Request) {
	b[strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")](w, r)
}

func TestFetchKeys(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"white space": holding(fmt.Sprintf(` {"api_key":" %s\n", "app_key":"\t%s\r\n"} `, apiKey, appKey)),
		"other keys":  holding(fmt.Sprintf(`{"site":"datadoghq.eu","n":1e999,"api_key":%q,"app_key":%q}`, apiKey, appKey)),
		"extension":   holding(fmt.Sprintf(`{"dd_api_key":%q,"dd_app_key":%q}`, apiKey, appKey)),
		"environment": holding(fmt.Sprintf(`{"DD_API_KEY":%q,"DD_APP_KEY":%q,"DD_SITE":"datadoghq.eu"}`, apiKey, appKey)),
		"camel case":  holding(fmt.Sprintf(`{"apiKey":%q,"apiKeyId":"1d2c","appKey":%q,"appKeyId":"9f","serviceAccountId":"ab"}`, apiKey, appKey)),
		"admin key":   holding(fmt.Sprintf(`{"adminApiKey":%q,"adminApiKeyId":"1d2c","adminAppKey":%q,"adminAppKeyId":"9f","site":"datadoghq.com"}`, apiKey, appKey)),
		"long names":  holding(fmt.Sprintf(`{"DATADOG_API_KEY":%q,"datadog-application-key":%q}`, apiKey, appKey)),
		"same twice":  holding(fmt.Sprintf(`{"api_key":%q,"app_key":%q,"dd_api_key":%q,"apiKey":" ","API_KEY":7}`, apiKey, appKey, apiKey+"\n")),
		"own names":   holding(fmt.Sprintf(`{"api_key":%q,"app_key":%q,"dd_api_key":%q,"API_KEY":%q,"appKey":%q}`, apiKey, appKey, "stale", "stale", "stale")),
		"binary":      write(http.StatusOK, `{"SecretBinary":"`+base64.StdEncoding.EncodeToString([]byte(keysJSON()))+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			var request map[string]string
			client := serve(t, byAction{"GetSecretValue": func(w http.ResponseWriter, r *http.Request) {
				if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
					t.Error(err)
				}
				handler(w, r)
			}}.respond)
			got, err := fetchKeys(t.Context(), client.GetSecretValue, id)
			if err != nil || got.API.Reveal() != apiKey || got.App.Reveal() != appKey {
				t.Errorf("got %q and %q (%v)", got.API.Reveal(), got.App.Reveal(), err)
			}
			if diff := cmp.Diff(map[string]string{"SecretId": id, "VersionStage": "AWSCURRENT"}, request); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

// failures are how Secrets Manager or the secret fails. Contents hold keys where they
// can, for the check that errors do not.
var failures = map[string]struct {
	handler http.HandlerFunc
	kind    fault.Kind
	says    string
}{
	"no secret":         {exception(400, "ResourceNotFoundException"), fault.Permanent, "does not exist"},
	"bad ARN":           {exception(400, "ValidationException"), fault.Permanent, "correct the variable"},
	"bad parameter":     {exception(400, "InvalidParameterException"), fault.Permanent, "correct the variable"},
	"deleted secret":    {exception(400, "InvalidRequestException"), fault.Permanent, "restore it"},
	"bare key":          {holding(apiKey), fault.Permanent, `secret "boomerang/datadog" is plain text: if it is the api_key, the app_key is missing: store {"api_key":"…","app_key":"…"} in it`},
	"bare key in JSON":  {holding(`"` + apiKey + `"` + "\n"), fault.Permanent, "the app_key is missing"},
	"two bare keys":     {holding(apiKey + "\n" + appKey), fault.Permanent, "is not a JSON object"},
	"only the API key":  {holding(fmt.Sprintf(`{"apiKey":%q,"apiKeyId":"1d2c"}`, apiKey)), fault.Permanent, "has no text in app_key: store"},
	"two API keys":      {holding(fmt.Sprintf(`{"dd_api_key":%q,"apiKey":%q,"app_key":"a"}`, apiKey, appKey)), fault.Permanent, `secret "boomerang/datadog" has different values in apiKey and dd_api_key: keep the right one`},
	"two of each":       {holding(fmt.Sprintf(`{"dd_api_key":%q,"apiKey":%q,"dd_app_key":%q,"appKey":%q}`, apiKey, appKey, apiKey, appKey)), fault.Permanent, "in apiKey and dd_api_key, and in appKey and dd_app_key: keep"},
	"truncated content": {holding(strings.TrimSuffix(keysJSON(), `"}`)), fault.Permanent, "is not a JSON object"},
	"null":              {holding("null"), fault.Permanent, "is not a JSON object"},
	"list":              {holding("[" + keysJSON() + "]"), fault.Permanent, "is not a JSON object"},
	"empty object":      {holding("{}"), fault.Permanent, `secret "boomerang/datadog" has no text in api_key and app_key: store {"api_key":"…","app_key":"…"} in it`},
	"no app key":        {holding(fmt.Sprintf(`{"api_key":%q}`, apiKey)), fault.Permanent, "has no text in app_key: store"},
	"blank key":         {holding(fmt.Sprintf(`{"api_key":" \n","app_key":%q}`, appKey)), fault.Permanent, "has no text in api_key: store"},
	"number as key":     {holding(fmt.Sprintf(`{"api_key":1,"app_key":%q}`, appKey)), fault.Permanent, "has no text in api_key: store"},

	"no permission":     {exception(400, "AccessDeniedException"), fault.Temporary, "secretsmanager:GetSecretValue"},
	"lost KMS key":      {exception(400, "DecryptionFailure"), fault.Temporary, "KMS key"},
	"throttling":        {exception(400, "ThrottlingException"), fault.Temporary, "Secrets Manager failed"},
	"server error":      {exception(500, "InternalServiceError"), fault.Temporary, "Secrets Manager failed"},
	"no value":          {write(200, `{"Name":"x"}`), fault.Temporary, "without a value"},
	"response not JSON": {write(200, "<html>"+apiKey+appKey), fault.Temporary, "Secrets Manager failed"},
	"other shape":       {write(200, `{"SecretString":{"api_key":"`+apiKey+`"}}`), fault.Temporary, "Secrets Manager failed"},
	"broken JSON":       {write(200, `{"SecretString":"`+apiKey+`\q`+appKey+`"}`), fault.Temporary, "Secrets Manager failed"},
	"truncated response": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4096")
		_, _ = io.WriteString(w, `{"SecretString":"{\"api_key\":\"`+apiKey+`\",\"app_key\":\"`+appKey)
	}, fault.Temporary, "Secrets Manager failed"},
	"connection reset": {func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}, fault.Temporary, "Secrets Manager failed"},
	"no response": {hang, fault.Temporary, "did not answer in time"},
}

// hang reads the body first: only then the server notices that the client left.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestFetchKeys_Errors(t *testing.T) {
	for name, c := range failures {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if name == "no response" {
				timed, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				ctx = timed
			}
			_, err := fetchKeys(ctx, serve(t, c.handler).GetSecretValue, id)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != c.kind || !strings.Contains(f.Public, c.says) || !strings.Contains(f.Public, id) {
				t.Fatalf("got %v; want %s with %q", err, c.kind, c.says)
			}
			if strings.Contains(f.Public, "the reason of") {
				t.Errorf("the public text quotes Secrets Manager: %s", f.Public)
			}
			if name == "no permission" && !strings.Contains(err.Error(), "the reason of AccessDeniedException") {
				t.Errorf("the log has no reason: %v", err)
			}
			assertErrorHides(t, err, apiKey, appKey)
		})
	}
	t.Run("SDK error with the response", func(t *testing.T) {
		s := newFakeSecret("")
		s.fail(current, &smithy.OperationError{Err: &smithy.DeserializationError{Err: errors.New(keysJSON()), Snapshot: []byte(keysJSON())}})
		_, err := fetchKeys(t.Context(), s.get, id)
		if !fault.IsTemporary(err) {
			t.Fatalf("got %v", err)
		}
		assertErrorHides(t, err, apiKey, appKey)
	})
}

// assertErrorHides prints err and all errors inside it as logs can, and checks that no
// secret shows.
func assertErrorHides(t *testing.T, err error, secrets ...string) {
	t.Helper()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Error("failed", "error", err, "public", fault.Public(err))
	}
	for queue := []error{err}; len(queue) > 0; queue = queue[1:] {
		e := queue[0]
		fmt.Fprintf(&out, "%v %+v %#v %s %q\n", e, e, e, e, e)
		if asJSON, err := json.Marshal(e); err == nil {
			out.Write(asJSON)
		}
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			queue = append(queue, joined.Unwrap()...)
		} else if inner := errors.Unwrap(e); inner != nil {
			queue = append(queue, inner)
		}
	}
	for _, s := range secrets {
		assertNoSecret(t, out.String(), s)
	}
}

func TestStore_Text(t *testing.T) {
	calls := map[string]int{}
	store := NewStore(serve(t, func(w http.ResponseWriter, r *http.Request) {
		var in secretsmanager.GetSecretValueInput
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if calls[*in.SecretId]++; *in.SecretId == "gone" {
			exception(400, notFound)(w, r)
			return
		}
		holding("text of "+*in.SecretId)(w, r)
	}).GetSecretValue, nil)
	for range 2 {
		for _, id := range []string{"a", "b"} {
			if text, err := store.Text(t.Context(), id); err != nil || text != "text of "+id {
				t.Errorf("%s: %q, %v", id, text, err)
			}
		}
	}
	if calls["a"] != 1 || calls["b"] != 1 {
		t.Errorf("calls: %v", calls)
	}
	if text, err := store.Text(t.Context(), "gone"); err == nil || text != "" {
		t.Errorf("an unreadable secret is %q, %v", text, err)
	}
}
