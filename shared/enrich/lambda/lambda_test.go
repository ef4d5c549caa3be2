package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fault"
)

const (
	arn       = "arn:aws:lambda:eu-west-1:123456789012:function:capacity:live"
	awsSecret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
)

// client is the SDK's call of a handler in place of Lambda.
func client(t *testing.T, handler http.HandlerFunc) Invoke {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return sdk.New(sdk.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(s.URL), Retryer: aws.NopRetryer{}, HTTPClient: buffered{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: awsSecret}, nil
		}),
	}).Invoke
}

// buffered reads a request before it sends it. The SDK closes the request when the response begins. If net/http has not
// seen the request's end by then, it closes the connection, and the rest of a long response is lost.
type buffered struct{}

func (buffered) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultTransport.RoundTrip(r)
}

func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// refuses answers as AWS's REST protocols do.
func refuses(status int, code string, header ...string) http.HandlerFunc {
	return answers(status, `{"Type":"User","Message":"`+code+` of `+arn+`"}`, append(header, "X-Amzn-Errortype", code)...)
}

var handlers = map[enrichtest.Fault]http.HandlerFunc{
	enrichtest.None:        answers(200, `{"title":"Capacity","facts":[{"name":"Free","value":"12 %"}],"data":{"free":12}}`),
	enrichtest.NotFound:    answers(200, `null`),
	enrichtest.Forbidden:   refuses(403, "AccessDeniedException"),
	enrichtest.RateLimited: refuses(429, "TooManyRequestsException", "Retry-After", "7"),
	enrichtest.Hang: func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // The server notices a cancelled request only after reading it.
		<-r.Context().Done()
	},
	enrichtest.Corrupt: answers(200, `{"title": <!doctype html>`),
	enrichtest.Truncate: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"title":"Cap`)
	},
	enrichtest.Unavailable: refuses(500, "ServiceException"),
}

func TestConformance(t *testing.T) {
	enrichtest.External{
		New: func(t *testing.T, f enrichtest.Fault) enrich.Step {
			return newStep(client(t, handlers[f]), Config{Function: arn})
		},
		Alert:      alert.Alert{ID: "1", Tags: alert.Tags{"service:checkout"}},
		NotFound:   "the function " + arn + " has nothing on this alert",
		Forbidden:  "lambda:InvokeFunction",
		RetryAfter: 7 * time.Second,
		Secrets:    []string{awsSecret},
	}.Conformance(t)
}

func returns(response string) Invoke {
	return func(context.Context, *sdk.InvokeInput, ...func(*sdk.Options)) (*sdk.InvokeOutput, error) {
		return &sdk.InvokeOutput{Payload: []byte(response)}, nil
	}
}

// The package's documentation and the README show the event's names.
func TestEnrich_Event(t *testing.T) {
	var path, body, invocation string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		path, body, invocation = r.URL.EscapedPath(), string(text), r.Header.Get("X-Amz-Invocation-Type")
		answers(200, `{"data":{"a":1}}`)(w, r)
	})
	a := alert.Alert{
		ID: "8306082202796025694", MonitorID: "4711", Transition: alert.Triggered, Date: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Title: "[P1] [Triggered] Disk is full", Hostname: "db-1", Tags: alert.Tags{"env:prod", "service:orders"}, Extra: alert.Extra{"mine": int64(1)},
	}
	const want = `{"alert":{"id":"8306082202796025694","monitor_id":"4711","transition":"Triggered","date":"2026-11-21T12:00:00Z",` +
		`"title":"[P1] [Triggered] Disk is full","hostname":"db-1","tags":["env:prod","service:orders"],"extra":{"mine":1}},"with":`
	keyed := enrich.WithAlertKey(t.Context(), "1:7")
	if _, err := newStep(c, Config{Function: "capacity"}).Enrich(keyed, a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want+`{},"idempotency_key":"`+enrich.IdempotencyKey(keyed)+`"}`, body); diff != "" {
		t.Errorf("event with a key (-want +got):\n%s", diff)
	}
	for with, config := range map[string]Config{
		`{}}`:           {Function: "capacity"},
		`{"pool":"a"}}`: {Function: "capacity", With: map[string]string{"pool": "a"}},
	} {
		if _, err := newStep(c, config).Enrich(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want+with, body); diff != "" || path != "/2015-03-31/functions/capacity/invocations" || invocation != "" && invocation != "RequestResponse" {
			t.Errorf("%s (%s), event (-want +got):\n%s", path, invocation, diff)
		}
	}
}

func TestEnrich_Finding(t *testing.T) {
	for name, tt := range map[string]struct {
		response string
		want     enrich.Finding
	}{
		"all fields": {
			`{"title":"Capacity","facts":[{"name":"Free","value":"12 %"},{"name":"Nodes","value":3},{"name":"Full","value":false},{"name":"Pools","value":["a",{"b":1}]}],
			 "links":[{"title":"Plan","url":"https://wiki.example.com/plan","kind":"runbook"},{"url":"https://x.example/y","kind":"song"}],
			 "data":{"free":12,"id":9007199254740993,"pools":[{"n":1}],"none":null}}`,
			enrich.Finding{Title: "Capacity", Weight: enrich.Useful, Blocks: []enrich.Block{
				enrich.Facts{{Name: "Free", Value: "12 %"}, {Name: "Nodes", Value: "3"}, {Name: "Full", Value: "false"}, {Name: "Pools", Value: `["a",{"b":1}]`}},
				enrich.Links{{Kind: "runbook", Title: "Plan", URL: "https://wiki.example.com/plan"}, {Title: "https://x.example/y", URL: "https://x.example/y"}},
			}, Data: Data{map[string]any{"free": int64(12), "id": int64(9007199254740993), "pools": []any{map[string]any{"n": int64(1)}}, "none": nil}}},
		},
		"only data": {`{"data":{"a":1}}`, enrich.Finding{Title: "capacity:live", Weight: enrich.Useful, Data: Data{map[string]any{"a": int64(1)}}}},
		"invalid parts": {
			`{"title":"a\nb\u202ec","facts":[{"name":"","value":"x"},{"name":"n","value":""},{"name":"m","value":null},{"name":"k","value":"a\r\nb"},{"name":"l"}],
			 "links":[{"title":"a","url":"javascript:alert(1)"},{"title":"b","url":"/x"}],"unknown":true}`,
			enrich.Finding{Title: "a bc", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Facts{{Name: "k", Value: "a b"}}}, Data: Data{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newStep(returns(tt.response), Config{Function: arn}).Enrich(t.Context(), alert.Alert{})
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("error %v, finding (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestEnrich_Limits(t *testing.T) {
	long := strings.Repeat("é", 1000)
	facts := strings.Repeat(fmt.Sprintf(`{"name":%q,"value":%q},`, long, long), 50)
	links := strings.Repeat(`{"title":"t","url":"https://x.example/"},`, 50)
	response := fmt.Sprintf(`{"title":%q,"facts":[%s],"links":[%s]}`, long, strings.TrimSuffix(facts, ","), strings.TrimSuffix(links, ","))
	got, err := newStep(returns(response), Config{Function: "f"}).Enrich(t.Context(), alert.Alert{})
	if err != nil {
		t.Fatal(err)
	}
	shown, pages := got.Blocks[0].(enrich.Facts), got.Blocks[1].(enrich.Links)
	if n := len([]rune(got.Title)); n != maxNameRunes || len(shown) != maxFacts || len(pages) != maxLinks || len([]rune(shown[0].Value)) != maxValueRunes {
		t.Errorf("title of %d runes, %d facts, %d links", n, len(shown), len(pages))
	}
}

func TestEnrich_EmptyResponse(t *testing.T) {
	for _, response := range []string{"", " ", "null", "{}", `{"title":"Capacity"}`, `{"data":{}}`, `{"facts":[]}`} {
		enrichtest.Skips(t, newStep(returns(response), Config{Function: "capacity"}), alert.Alert{}, "the function capacity has nothing on this alert")
	}
}

func TestEnrich_Errors(t *testing.T) {
	failed := []string{"X-Amz-Function-Error", "Unhandled"}
	const notAnObject = "the response of the function capacity is not a JSON object with title, facts, links and data"
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		kind    fault.Kind
		want    string
	}{
		"unknown function":       {refuses(404, "ResourceNotFoundException"), fault.Permanent, "there is no function capacity in this account and region"},
		"unknown credentials":    {refuses(403, "UnrecognizedClientException"), fault.Permanent, "no access to the function capacity: allow lambda:InvokeFunction on it by the stack's parameter LambdaStepFunctionArns"},
		"cannot start":           {refuses(502, "InvalidRuntimeException"), fault.Temporary, "AWS Lambda could not run the function capacity (InvalidRuntimeException)"},
		"refused":                {refuses(400, "InvalidRequestContentException"), fault.Permanent, "AWS Lambda refused to run the function capacity (InvalidRequestContentException)"},
		"throttled":              {refuses(429, "TooManyRequestsException"), fault.Temporary, "the function capacity has reached its concurrency limit; raise its limit or the account's"},
		"failed":                 {answers(200, `{"errorMessage":"no\nsuch pool","errorType":"KeyError","stackTrace":["secret.py"]}`, failed...), fault.Permanent, "the function capacity failed (KeyError): no such pool"},
		"failed without details": {answers(200, `oops`, failed...), fault.Permanent, "the function capacity failed"},
		"failed with a long message": {
			answers(200, `{"errorMessage":"`+strings.Repeat("é", 10_000)+`"}`, failed...), fault.Permanent, "the function capacity failed: " + strings.Repeat("é", maxValueRunes-1) + "…",
		},
		"list":        {answers(200, `["Capacity"]`), fault.Temporary, notAnObject},
		"two objects": {answers(200, `{"title":"a"}{"title":"b"}`), fault.Temporary, notAnObject},
		"too large":   {answers(200, `{"title":"`+strings.Repeat("a", maxResponseBytes)+`"}`), fault.Permanent, "the response of the function capacity is larger than 256 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newStep(client(t, tt.handler), Config{Function: "capacity"}).Enrich(t.Context(), alert.Alert{ID: "1"})
			if f := fault.From(err); f == nil || f.Public != tt.want || f.Kind != tt.kind || f.RetryAfter != 0 || strings.Contains(err.Error(), "such pool") {
				t.Errorf("got  %+v\nwant %v %q", f, tt.kind, tt.want)
			}
		})
	}
}

func TestEnrich_UnsendableAlert(t *testing.T) {
	step := newStep(func(context.Context, *sdk.InvokeInput, ...func(*sdk.Options)) (*sdk.InvokeOutput, error) {
		return nil, errors.New("it was invoked")
	}, Config{Function: "capacity"})
	for want, a := range map[string]alert.Alert{
		"the alert is too large for the function capacity":  {Message: strings.Repeat("a", maxEventBytes)},
		"cannot encode the alert for the function capacity": {LogsSample: json.RawMessage("{")},
	} {
		if _, err := step.Enrich(t.Context(), a); fault.Public(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestConfig_Validate(t *testing.T) {
	for function, want := range map[string]string{
		"capacity": "", "capacity:live": "", "123456789012:function:capacity": "", arn: "",
		"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:capacity:$LATEST": "",

		"":                           "function: set the name or ARN of the function to invoke",
		"{{ .alert.tags.function }}": "function: templates are not allowed, because an alert must not choose the function",
		"arn:aws:sqs:eu-west-1:123456789012:queue": `function: "arn:aws:sqs:eu-west-1:123456789012:queue" is not the name or ARN of a function`,
		"a b": `function: "a b" is not the name or ARN of a function`,
	} {
		enrichtest.Validate(t, Config{Function: function}, want)
	}
}

func TestKind_Grant(t *testing.T) {
	account := enrich.Account{Partition: "aws", Region: "eu-west-1", ID: "123456789012"}
	grant := Kind(nil).Grant
	for function, want := range map[string]string{
		"capacity":                            "arn:aws:lambda:eu-west-1:123456789012:function:capacity",
		"capacity:live":                       "arn:aws:lambda:eu-west-1:123456789012:function:capacity:live",
		"capacity:$LATEST":                    "arn:aws:lambda:eu-west-1:123456789012:function:capacity:$LATEST",
		"function:capacity":                   "arn:aws:lambda:eu-west-1:123456789012:function:capacity",
		"210987654321:function:capacity":      "arn:aws:lambda:eu-west-1:210987654321:function:capacity",
		"us-east-1:210987654321:function:a:7": "arn:aws:lambda:us-east-1:210987654321:function:a:7",
		"arn:aws-us-gov:lambda:us-gov-west-1:210987654321:function:a": "arn:aws-us-gov:lambda:us-gov-west-1:210987654321:function:a",
	} {
		if got := grant.ARN(Config{Function: function}, account); got != want {
			t.Errorf("%s: %s, want %s", function, got, want)
		}
	}
	if grant.Action != permission || grant.Parameter != "LambdaStepFunctionArns" {
		t.Errorf("it needs %s by %s", grant.Action, grant.Parameter)
	}
}
