package lambda

import (
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
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fault"
)

const (
	arn       = "arn:aws:lambda:eu-west-1:123456789012:function:capacity:live"
	awsSecret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
)

// client is the SDK's own, over a Lambda that handler plays.
func client(t *testing.T, handler http.HandlerFunc) *sdk.Client {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return sdk.New(sdk.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(s.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: awsSecret}, nil
		}),
	})
}

func answering(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// refusing answers as AWS's REST protocols do.
func refusing(status int, code string, header ...string) http.HandlerFunc {
	return answering(status, `{"Type":"User","Message":"`+code+` of `+arn+`"}`, append(header, "X-Amzn-Errortype", code)...)
}

var behaviours = map[enrichtest.Behaviour]http.HandlerFunc{
	enrichtest.Found:       answering(200, `{"title":"Capacity","facts":[{"name":"Free","value":"12 %"}],"data":{"free":12}}`),
	enrichtest.NotFound:    answering(200, `null`),
	enrichtest.Forbidden:   refusing(403, "AccessDeniedException"),
	enrichtest.RateLimited: refusing(429, "TooManyRequestsException", "Retry-After", "7"),
	enrichtest.Slow: func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // Only then does the server notice that the caller leaves.
		<-r.Context().Done()
	},
	enrichtest.Garbage: answering(200, `{"title": <!doctype html>`),
	enrichtest.Cut: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"title":"Cap`)
	},
	enrichtest.Broken: refusing(500, "ServiceException"),
}

func TestConformance(t *testing.T) {
	enrichtest.Outside{
		New: func(t *testing.T, b enrichtest.Behaviour) enrich.Step {
			return New(client(t, behaviours[b]), Config{Function: arn})
		},
		Alert:      alert.Alert{ID: "1", Tags: alert.Tags{"service:checkout"}},
		NotFound:   "the function " + arn + " has nothing to say about this alert",
		Forbidden:  Permission,
		RetryAfter: 7 * time.Second,
		Secrets:    []string{awsSecret},
	}.Conformance(t)
}

type invokerFunc func(*sdk.InvokeInput) (*sdk.InvokeOutput, error)

func (f invokerFunc) Invoke(_ context.Context, in *sdk.InvokeInput, _ ...func(*sdk.Options)) (*sdk.InvokeOutput, error) {
	return f(in)
}

func saying(answer string) Invoker {
	return invokerFunc(func(*sdk.InvokeInput) (*sdk.InvokeOutput, error) {
		return &sdk.InvokeOutput{Payload: []byte(answer)}, nil
	})
}

func TestEnrich_tells_the_function_about_the_alert(t *testing.T) {
	var path, body, kind string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		path, body, kind = r.URL.EscapedPath(), string(text), r.Header.Get("X-Amz-Invocation-Type")
		answering(200, `{"data":{"a":1}}`)(w, r)
	})
	a := alert.Alert{ID: "7", Title: "[Triggered] Load", Tags: alert.Tags{"env:prod"}}
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{Function: "capacity"}, `{"alert":{"id":"7","title":"[Triggered] Load","tags":["env:prod"]},"with":{}}`},
		{Config{Function: "capacity", With: map[string]string{"pool": "a"}}, `{"alert":{"id":"7","title":"[Triggered] Load","tags":["env:prod"]},"with":{"pool":"a"}}`},
	} {
		if _, err := New(c, tt.config).Enrich(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if path != "/2015-03-31/functions/capacity/invocations" || body != tt.want || kind != "" && kind != "RequestResponse" {
			t.Errorf("asked %s (%s) with %s\nwant %s", path, kind, body, tt.want)
		}
	}
}

// TestEnrich_tells_an_alert_by_the_names_that_functions_rely_on is what the package's
// documentation and the README show.
func TestEnrich_tells_an_alert_by_the_names_that_functions_rely_on(t *testing.T) {
	var got string
	invoker := invokerFunc(func(in *sdk.InvokeInput) (*sdk.InvokeOutput, error) {
		got = string(in.Payload)
		return &sdk.InvokeOutput{Payload: []byte(`{"data":{"a":1}}`)}, nil
	})
	a := alert.Alert{
		ID: "8306082202796025694", MonitorID: "4711", Transition: alert.Triggered, Date: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Title: "[P1] [Triggered] Disk is full", Hostname: "db-1", Tags: alert.Tags{"env:prod", "service:orders"}, Extra: alert.Extra{"mine": int64(1)},
	}
	if _, err := New(invoker, Config{Function: "f", With: map[string]string{"pool": "a"}}).Enrich(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	want := `{"alert":{"id":"8306082202796025694","monitor_id":"4711","transition":"Triggered","date":"2026-11-21T12:00:00Z",` +
		`"title":"[P1] [Triggered] Disk is full","hostname":"db-1","tags":["env:prod","service:orders"],"extra":{"mine":1}},"with":{"pool":"a"}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestEnrich_shows_what_the_function_answers(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         enrich.Finding
	}{
		{
			"all_there_is",
			`{"title":"Capacity","facts":[{"name":"Free","value":"12 %"},{"name":"Nodes","value":3},{"name":"Full","value":false},{"name":"Pools","value":["a",{"b":1}]}],
			 "links":[{"title":"Plan","url":"https://wiki.example.com/plan","kind":"runbook"},{"url":"https://x.example/y","kind":"song"}],
			 "data":{"free":12,"id":9007199254740993,"load":0.5,"huge":1e999,"pools":[{"n":1}],"none":null}}`,
			enrich.Finding{Title: "Capacity", Weight: enrich.Useful, Blocks: []enrich.Block{
				enrich.Facts{{Name: "Free", Value: "12 %"}, {Name: "Nodes", Value: "3"}, {Name: "Full", Value: "false"}, {Name: "Pools", Value: `["a",{"b":1}]`}},
				enrich.Links{{Kind: "runbook", Title: "Plan", URL: "https://wiki.example.com/plan"}, {Title: "https://x.example/y", URL: "https://x.example/y"}},
			}, Data: Data{map[string]any{
				"free": int64(12), "id": int64(9007199254740993), "load": 0.5, "huge": "1e999", "pools": []any{map[string]any{"n": int64(1)}}, "none": nil,
			}}},
		},
		{"only_data", `{"data":{"a":1}}`, enrich.Finding{Title: "capacity:live", Weight: enrich.Useful, Data: Data{map[string]any{"a": int64(1)}}}},
		{
			"what_cannot_be_shown_is_left_out",
			`{"title":"a\nb\u202ec","facts":[{"name":"","value":"x"},{"name":"n","value":""},{"name":"m","value":null},{"name":"k","value":"a\r\nb"}],
			 "links":[{"title":"a","url":"javascript:alert(1)"},{"title":"b","url":"https:///x"},{"title":"c","url":"/x"},{"title":"d","url":"https://x.example/ y"},{"title":"e","url":"%"}],
			 "unknown":true}`,
			enrich.Finding{Title: "a bc", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Facts{{Name: "k", Value: "a b"}}}, Data: Data{}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := New(saying(tt.answer), Config{Function: arn}).Enrich(t.Context(), alert.Alert{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_a_long_answer_makes_no_long_finding(t *testing.T) {
	fact := fmt.Sprintf(`{"name":%q,"value":%q}`, strings.Repeat("é", 1000), strings.Repeat("é", 1000))
	link := `{"title":"t","url":"https://x.example/"}`
	answer := fmt.Sprintf(`{"title":%q,"facts":[%s],"links":[%s]}`, strings.Repeat("é", 1000),
		strings.TrimSuffix(strings.Repeat(fact+",", 50), ","), strings.TrimSuffix(strings.Repeat(link+",", 50), ","))
	got, err := New(saying(answer), Config{Function: "f"}).Enrich(t.Context(), alert.Alert{})
	if err != nil {
		t.Fatal(err)
	}
	facts, links := got.Blocks[0].(enrich.Facts), got.Blocks[1].(enrich.Links)
	if n := len([]rune(got.Title)); n != maxNameRunes || len(facts) != maxFacts || len(links) != maxLinks || len([]rune(facts[0].Value)) != maxValueRunes {
		t.Errorf("title of %d characters, %d facts, %d links", n, len(facts), len(links))
	}
}

func TestEnrich_an_empty_answer_skips_the_step(t *testing.T) {
	for _, answer := range []string{"", " ", "null", "{}", `{"title":"Capacity"}`, `{"data":{}}`, `{"facts":[]}`} {
		step := New(saying(answer), Config{Function: "capacity"})
		r := enrich.Run(t.Context(), []enrich.Named{{Name: Name, Step: step}}, alert.Alert{}, time.Minute)[0]
		if r.Status != enrich.Skipped || fault.Public(r.Err) != "the function capacity has nothing to say about this alert" {
			t.Errorf("%q ends it %q: %v", answer, r.Status, r.Err)
		}
	}
}

func TestEnrich_says_what_went_wrong(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		kind    fault.Kind
		want    string
	}{
		{"no_function", refusing(404, "ResourceNotFoundException"), fault.Permanent, "there is no function capacity in this account and region"},
		{"credentials_that_AWS_does_not_know", refusing(403, "UnrecognizedClientException"), fault.Permanent, "the function capacity may not be invoked: allow lambda:InvokeFunction on it in Boomerang's role"},
		{"a_function_that_cannot_start", refusing(502, "InvalidRuntimeException"), fault.Temporary, "AWS Lambda could not run the function capacity (InvalidRuntimeException)"},
		{"a_refusal", refusing(400, "InvalidRequestContentException"), fault.Permanent, "AWS Lambda refused to run the function capacity (InvalidRequestContentException)"},
		{"throttled_without_a_time", refusing(429, "TooManyRequestsException"), fault.Temporary, "the function capacity is running as often as it may; raise its concurrency, or the account's"},
		{"a_function_error", answering(200, `{"errorMessage":"no\nsuch pool","errorType":"KeyError","stackTrace":["secret.py"]}`, "X-Amz-Function-Error", "Unhandled"), fault.Permanent, "the function capacity failed (KeyError): no such pool"},
		{"a_function_error_without_words", answering(200, `oops`, "X-Amz-Function-Error", "Unhandled"), fault.Permanent, "the function capacity failed"},
		{"a_long_function_error", answering(200, `{"errorMessage":"`+strings.Repeat("é", 10_000)+`"}`, "X-Amz-Function-Error", "Unhandled"), fault.Permanent, "the function capacity failed: " + strings.Repeat("é", maxValueRunes-1) + "…"},
		{"another_shape", answering(200, `["Capacity"]`), fault.Temporary, "the answer of the function capacity could not be read: it is no object of title, facts, links and data"},
		{"two_answers", answering(200, `{"title":"a"}{"title":"b"}`), fault.Temporary, "the answer of the function capacity could not be read: it is no object of title, facts, links and data"},
		{"too_much", answering(200, `{"title":"`+strings.Repeat("a", maxAnswerBytes)+`"}`), fault.Permanent, "the answer of the function capacity is larger than 256 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(client(t, tt.handler), Config{Function: "capacity"}).Enrich(t.Context(), alert.Alert{ID: "1"})
			if f := fault.From(err); f == nil || f.Public != tt.want || f.Kind != tt.kind || f.RetryAfter != 0 {
				t.Errorf("got  %+v\nwant %v %q", f, tt.kind, tt.want)
			}
		})
	}
}

func TestEnrich_an_alert_too_large_for_an_invocation_is_not_sent(t *testing.T) {
	step := New(invokerFunc(func(*sdk.InvokeInput) (*sdk.InvokeOutput, error) {
		return nil, errors.New("it was invoked")
	}), Config{Function: "capacity"})
	_, err := step.Enrich(t.Context(), alert.Alert{Message: strings.Repeat("a", maxEventBytes)})
	if want := "the alert is too large to tell the function capacity"; fault.Public(err) != want {
		t.Errorf("got %v", err)
	}
}

func TestEnrich_an_alert_that_is_no_JSON_is_not_sent(t *testing.T) {
	_, err := New(saying("{}"), Config{Function: "capacity"}).Enrich(t.Context(), alert.Alert{LogsSample: json.RawMessage("{")})
	if f := fault.From(err); f == nil || f.Kind != fault.Internal || f.Public != "the alert could not be written down for the function capacity" {
		t.Errorf("got %v", err)
	}
}

func TestConfig_Validate(t *testing.T) {
	for _, tt := range []struct{ function, want string }{
		{"capacity", ""},
		{"capacity:live", ""},
		{"123456789012:function:capacity", ""},
		{arn, ""},
		{"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:capacity:$LATEST", ""},
		{"", "function: name the function to invoke, or write its ARN"},
		{"{{ .alert.tags.function }}", "function: an alert must not choose which function is invoked; write it without templates"},
		{"arn:aws:sqs:eu-west-1:123456789012:queue", `function: "arn:aws:sqs:eu-west-1:123456789012:queue" is no name or ARN of a function`},
		{"a b", `function: "a b" is no name or ARN of a function`},
	} {
		got := ""
		if err := (Config{Function: tt.function}).Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.function, got, tt.want)
		}
	}
}

func TestConfig_reads_from_YAML(t *testing.T) {
	var got Config
	if err := yaml.UnmarshalWithOptions([]byte("function: capacity\nwith: {pool: '{{ .alert.tags.pool }}'}"), &got, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Config{Function: "capacity", With: map[string]string{"pool": "{{ .alert.tags.pool }}"}}, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	text, err := json.Marshal(Data{map[string]any{"free": 12}})
	if want := `{"data":{"free":12}}`; err != nil || string(text) != want {
		t.Errorf("JSON %s, want %s: %v", text, want, err)
	}
}
