package ledger

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"boomerang/shared/fault"
)

// Every failure of the service, as it comes over HTTP, is temporary, says what to
// repair, and keeps AWS's own words for the log.
func TestDynamoDB_Failures(t *testing.T) {
	cases := []struct {
		code   string
		status int
		says   string
	}{
		{"ResourceNotFoundException", 400, "check LEDGER_TABLE"},
		{"AccessDeniedException", 400, "allow dynamodb:"},
		{"UnrecognizedClientException", 400, "check the function's role"},
		{"ExpiredTokenException", 400, "check the function's role"},
		{"ProvisionedThroughputExceededException", 400, "is throttled"},
		{"ThrottlingException", 400, "is throttled"},
		{"RequestLimitExceeded", 400, "is throttled"},
		{"ValidationException", 400, `partition key "id"`},
		{"InternalServerError", 500, "answered InternalServerError"},
		{"SomethingNew", 503, "answered SomethingNew"},
	}
	for _, c := range cases {
		t.Run(c.code, func(t *testing.T) {
			l := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#` + c.code + `","message":"words of AWS"}`))
			})
			for operation, err := range everyCall(t.Context(), l) {
				public := fault.Public(err)
				if !fault.IsTemporary(err) || !strings.HasPrefix(public, `the ledger table "alerts" `) || !strings.Contains(public, c.says) {
					t.Errorf("%s: got %q", operation, public)
				}
				if strings.Contains(public, "words of AWS") || !strings.Contains(err.Error(), "words of AWS") {
					t.Errorf("%s: AWS's words belong in the log and only there: %v", operation, err)
				}
				if c.code == "AccessDeniedException" && !strings.Contains(public, "dynamodb:"+operation+" ") {
					t.Errorf("%s is not named as what to allow: %q", operation, public)
				}
			}
		})
	}

	const hanging = "a table that hangs"
	broken := map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		hanging: {
			func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // The server notices that the client has gone only after the body.
				<-r.Context().Done()
			},
			"did not answer in time",
		},
		"a reset connection": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"could not be used",
		},
		"a cut body": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				_, _ = w.Write([]byte(`{"Attri`))
			},
			"could not be used",
		},
		"garbage": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
			"",
		},
	}
	for name, c := range broken {
		t.Run(name, func(t *testing.T) {
			l, patience := serve(t, c.handler), 10*time.Second
			if name == hanging {
				patience = 50 * time.Millisecond
			}
			for operation, call := range calls(l) {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				err := call(ctx)
				cancel()
				if !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), c.says) {
					t.Errorf("%s: got %v", operation, err)
				}
			}
		})
	}
}

// serve returns a ledger whose table is the given handler, asked once per call.
func serve(t *testing.T, handler http.HandlerFunc) *DynamoDB {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := newClient(server.URL)
	return New(onlyOnce{client}, "alerts", Options{})
}

// onlyOnce switches the SDK's retries off, which would make the tests wait.
type onlyOnce struct{ client *dynamodb.Client }

func once(o *dynamodb.Options) { o.RetryMaxAttempts = 1 }

func (c onlyOnce) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return c.client.PutItem(ctx, in, once)
}

func (c onlyOnce) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return c.client.UpdateItem(ctx, in, once)
}

func (c onlyOnce) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return c.client.DeleteItem(ctx, in, once)
}

func (c onlyOnce) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return c.client.GetItem(ctx, in, once)
}

func (c onlyOnce) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return c.client.BatchGetItem(ctx, in, once)
}

// calls names each call by the permission that it needs.
func calls(l *DynamoDB) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"PutItem": func(ctx context.Context) error {
			_, err := l.Claim(ctx, key, start)
			if err != nil {
				return err
			}
			return l.Complete(ctx, key, posted)
		},
		"DeleteItem": func(ctx context.Context) error { return l.Release(ctx, key, false) },
		"UpdateItem": func(ctx context.Context) error {
			_, err := l.AddNotification(ctx, "cycle-1", triggered)
			if err != nil {
				return err
			}
			return l.Release(ctx, key, true)
		},
		"GetItem": func(ctx context.Context) error {
			_, err := l.Watermark(ctx, "reader")
			return err
		},
		"BatchGetItem": func(ctx context.Context) error {
			_, err := l.FilterKnown(ctx, key)
			return err
		},
	}
}

func everyCall(ctx context.Context, l *DynamoDB) map[string]error {
	errs := map[string]error{}
	for operation, call := range calls(l) {
		errs[operation] = call(ctx)
	}
	return errs
}
