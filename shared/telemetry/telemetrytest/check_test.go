package telemetrytest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// fields are what a span is made of.
type fields map[string]any

// good is a span that the real extension takes, with changes.
func good(changes fields) fields {
	span := fields{
		"service": "s", "name": "n", "resource": "r", "type": "t", "trace_id": uint64(1) << 63, "span_id": uint64(2), "parent_id": uint64(0),
		"start": int64(1), "duration": int64(1), "error": int64(0), "meta": map[string]any{"a": "b"}, "metrics": map[string]any{"c": 1.5},
	}
	for name, value := range changes {
		span[name] = value
	}
	return span
}

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	b, err := msgp.AppendIntf(nil, value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func payload(t *testing.T, traces ...[]fields) []byte {
	t.Helper()
	list := make([]any, len(traces))
	for i, spans := range traces {
		trace := make([]any, len(spans))
		for j, span := range spans {
			trace[j] = map[string]any(span)
		}
		list[i] = trace
	}
	return encoded(t, list)
}

// tell posts to the double, and returns its answer's status.
func tell(t *testing.T, url string, headers map[string]string, body []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}

// with returns headers with changes.
func with(headers, changes map[string]string) map[string]string {
	all := map[string]string{}
	for _, some := range []map[string]string{headers, changes} {
		for name, value := range some {
			all[name] = value
		}
	}
	return all
}

// complaints is a test that keeps what it fails with.
type complaints struct {
	testing.TB
	all []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

// mustComplain makes sure that a test which looks at the double fails with the words, or
// does not fail where there are none.
func mustComplain(t *testing.T, e *Extension, status int, words string) {
	t.Helper()
	c := &complaints{TB: t}
	e.Calls(c)
	if words == "" {
		if len(c.all) > 0 || status != http.StatusOK {
			t.Errorf("it answered %d and says %q", status, c.all)
		}
		return
	}
	if len(c.all) != 1 || !strings.Contains(c.all[0], words) || status != http.StatusBadRequest {
		t.Errorf("it answered %d and says %q, want %q", status, c.all, words)
	}
}

func TestExtension_takes_traces_as_strictly_as_the_real_one(t *testing.T) {
	headers := map[string]string{"Content-Type": "application/msgpack", "X-Datadog-Trace-Count": "1", "Datadog-Meta-Lang": "go"}
	one := func(changes fields) []byte { return payload(t, []fields{good(changes)}) }
	for name, c := range map[string]struct {
		body    []byte
		headers map[string]string
		says    string
	}{
		"a good span":            {one(nil), nil, ""},
		"two good spans":         {payload(t, []fields{good(nil), good(fields{"span_id": uint64(3)})}), nil, ""},
		"no text as a service":   {one(fields{"service": 7}), nil, `field "service"`},
		"no text as a name":      {one(fields{"name": []byte("n")}), nil, `field "name"`},
		"no text as a resource":  {one(fields{"resource": true}), nil, `field "resource"`},
		"no text as a type":      {one(fields{"type": 1.5}), nil, `field "type"`},
		"a trace's id in text":   {one(fields{"trace_id": "1"}), nil, `field "trace_id"`},
		"a negative id":          {one(fields{"span_id": int64(-1)}), nil, `field "span_id"`},
		"a fraction as a parent": {one(fields{"parent_id": 0.5}), nil, `field "parent_id"`},
		"a start in text":        {one(fields{"start": "now"}), nil, `field "start"`},
		"a duration in seconds":  {one(fields{"duration": 0.25}), nil, `field "duration"`},
		"an error that is true":  {one(fields{"error": true}), nil, `field "error"`},
		"a tag that is a number": {one(fields{"meta": map[string]any{"a": 1}}), nil, `field "meta"`},
		"a metric that is text":  {one(fields{"metrics": map[string]any{"a": "1"}}), nil, `field "metrics"`},
		"a field too many":       {one(fields{"tags": "a"}), nil, `field "tags": nobody reads it`},
		"no id":                  {one(fields{"span_id": uint64(0)}), nil, "span 0 of trace"},
		"two traces in one":      {payload(t, []fields{good(nil), good(fields{"trace_id": uint64(5), "span_id": uint64(3)})}), nil, "of trace 5 is in that of trace"},
		"one span twice":         {payload(t, []fields{good(nil), good(nil)}), nil, "came twice"},
		"no traces":              {payload(t), map[string]string{"X-Datadog-Trace-Count": "0"}, "there is no trace"},
		"a trace without spans":  {payload(t, nil), nil, "a trace without a span"},
		"no list":                {encoded(t, "traces"), nil, "msgp"},
		"an end too soon":        {one(nil)[:40], nil, "too few bytes"},
		"more than the list":     {append(one(nil), 1), nil, "after the list"},
		"nothing":                {nil, nil, "too few bytes"},
		"JSON by name":           {one(nil), map[string]string{"Content-Type": "application/json"}, `came as "application/json"`},
		"another count":          {one(nil), map[string]string{"X-Datadog-Trace-Count": "2"}, `1 traces came as "2"`},
		"no count":               {one(nil), map[string]string{"X-Datadog-Trace-Count": ""}, `1 traces came as ""`},
		"no language":            {one(nil), map[string]string{"Datadog-Meta-Lang": ""}, "language"},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(t)
			status := tell(t, "http://"+e.where.Traces+"/v0.4/traces", with(headers, c.headers), c.body)
			mustComplain(t, e, status, c.says)
		})
	}
}

func TestExtension_takes_the_end_of_an_invocation_as_strictly_as_the_real_one(t *testing.T) {
	headers := map[string]string{
		"lambda-runtime-aws-request-id": "id", "x-datadog-trace-id": "18446744073709551615", "x-datadog-span-id": "2", "x-datadog-sampling-priority": "-1",
	}
	for name, c := range map[string]struct {
		changes map[string]string
		body    string
		says    string
	}{
		"a good end":             {nil, `{"statusCode":200}`, ""},
		"an error":               {map[string]string{"x-datadog-invocation-error": "true", "x-datadog-invocation-error-msg": "d29yZHM="}, `{}`, ""},
		"no request":             {map[string]string{"lambda-runtime-aws-request-id": ""}, `{}`, "request's id is missing"},
		"no trace":               {map[string]string{"x-datadog-trace-id": ""}, `{}`, "no id"},
		"a trace in hexadecimal": {map[string]string{"x-datadog-trace-id": "66b2c0ff"}, `{}`, "no id"},
		"a span of zero":         {map[string]string{"x-datadog-span-id": "0"}, `{}`, "no id"},
		"itself above it":        {map[string]string{"x-datadog-parent-id": "2"}, `{}`, "its own parent"},
		"no priority":            {map[string]string{"x-datadog-sampling-priority": ""}, `{}`, "no priority"},
		"a body that is none":    {nil, `null7`, "no JSON object"},
		"an error in clear":      {map[string]string{"x-datadog-invocation-error-type": "not coded"}, `{}`, "the error's type is not in base64"},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(t)
			status := tell(t, "http://"+e.where.Lifecycle+"/lambda/end-invocation", with(headers, c.changes), []byte(c.body))
			mustComplain(t, e, status, c.says)
		})
	}
}

func TestExtension_takes_the_start_of_an_invocation_as_strictly_as_the_real_one(t *testing.T) {
	for name, c := range map[string]struct{ request, body, says string }{
		"a good start":            {"id", `{}`, ""},
		"no request":              {"", `{}`, "request's id is missing"},
		"an event that is none":   {"id", `{`, "JSON"},
		"a record without a body": {"id", `{"Records":[{"messageId":"1"}]}`, "without a body"},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(t)
			status := tell(t, "http://"+e.where.Lifecycle+"/lambda/start-invocation", map[string]string{"lambda-runtime-aws-request-id": c.request}, []byte(c.body))
			mustComplain(t, e, status, c.says)
		})
	}
}

func TestExtension_takes_distributions_alone(t *testing.T) {
	for packet, says := range map[string]string{
		"boomerang.m:1|d":                       "",
		"boomerang.m:-0.25|d|#a:b,c:d":          "",
		"boomerang.m:1|d\nboomerang.n:2|d|#a":   "",
		"boomerang.m:1|c":                       "no distribution",
		"boomerang.m:|d":                        "no distribution",
		"boomerang.m:one|d":                     "no distribution",
		"boomerang.m|d":                         "no distribution",
		":1|d":                                  "no distribution",
		"boomerang.m:1|d|#":                     "no distribution",
		"boomerang.m:1|d|#a:b|c":                "no distribution",
		"boomerang.m:1|d|#a:b c":                "no distribution",
		"boomerang.m:1|d\n":                     "no distribution",
		"b:1|d|#a:" + strings.Repeat("x", 8184): "larger than 8 KiB",
	} {
		if got := measured([]byte(packet)).Problem; (got == "") != (says == "") || !strings.Contains(got, says) {
			t.Errorf("of %.40q it says %q, want %q", packet, got, says)
		}
	}
}
