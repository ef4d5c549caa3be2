package datadog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry/telemetrytest"
)

// allCalls are the tables whose calls the faults are tried on.
var allCalls = []map[string]apiCall{readCalls, createCalls}

func TestClient_Status(t *testing.T) {
	some := map[string]apiCall{"create": createCalls["create"], "create alert": createCalls["create alert"], "monitor": readCalls["monitor"], "snapshot": readCalls["snapshot"]}
	for status := 300; status <= 599; status++ {
		calls := []map[string]apiCall{some}
		if slices.Contains([]int{400, 401, 403, 404, 408, 409, 429, 500, 503}, status) {
			calls = []map[string]apiCall{readCalls, writeCalls, createCalls}
		}
		testCalls(t, func(t *testing.T, call apiCall) {
			answer := answering(status, `{"errors":["Words of Datadog"]}`, "X-RateLimit-Reset", "45")
			err := call.do(t.Context(), clientOver(t, answer, keyring{}))
			f, e := failure(t, err)
			rejectedKeys, kind, wait := status == 401 || status == 403, fault.Permanent, time.Duration(0)
			if status == 408 || status == 425 || status == 429 || status >= 500 || rejectedKeys && call.isCreate() {
				kind = fault.Temporary
			}
			if status == 429 {
				wait = 45 * time.Second
			}
			if f.Kind != kind || f.RetryAfter != wait || e.Reset != wait || e.Status != status || e.Cause != nil || IsNotFound(err) != (status == 404) {
				t.Errorf("status %d: got kind %v after %v and %+v, want %v after %v", status, f.Kind, f.RetryAfter, e, kind, wait)
			}
			if names := strings.Contains(f.Public, "the permission "+call.permission); names != (rejectedKeys && call.permission != "") {
				t.Errorf("status %d: the hint about the permission is wrong: %s", status, f.Public)
			}
			if status == 404 && strings.Contains(call.request, "services/definitions") {
				return // It has a text of its own.
			}
			if e.Text != "Words of Datadog" {
				t.Errorf("status %d: the text is %q", status, e.Text)
			}
			for _, text := range []string{e.Error(), f.Error(), fault.LogText(err)} {
				if strings.Contains(text, "Words of Datadog") || !strings.Contains(text, fmt.Sprint(status)) {
					t.Errorf("status %d: the log text is %q", status, text)
				}
			}
		}, calls...)
	}
}

func TestClient_PublicText(t *testing.T) {
	const bothKeys = "; check that both keys are of one organization on datadoghq.com"
	for name, tt := range map[string]struct {
		call   apiCall
		answer roundTrip
		want   string
	}{
		"400": {
			createCalls["create"], answering(400, `{"errors":["Event too far in the past"]}`, "Content-Type", "text/plain; charset=utf-8"),
			"Datadog refused to create the event (400 Bad Request): Event too far in the past",
		},
		"403 of the API key": {
			createCalls["create"], answering(403, `{"status":"error","code":403,"errors":["Forbidden"]}`),
			"Datadog refused to create the event (403 Forbidden); check that the API key is one of an organization on datadoghq.com",
		},
		"400 of the v2 API": {
			createCalls["create alert"], answering(400, `{"errors":[{"status":"400","title":"Bad Request","detail":"JSON validation failed at $.data.attributes.title: missing"}]}`),
			"Datadog refused to create the event (400 Bad Request): Bad Request: JSON validation failed at $.data.attributes.title: missing",
		},
		"403 of the v2 API": {
			createCalls["create alert"], answering(403, `{"errors":[{"status":"403","title":"Forbidden"}]}`),
			"Datadog refused to create the event (403 Forbidden)" + bothKeys,
		},
		"403 of a read": {
			readCalls["events"], answering(403, "nope"),
			"Datadog refused to list events (403 Forbidden): nope" + bothKeys + ", and that the application key has the permission events_read",
		},
		"401 of a read": {
			readCalls["event"], answering(401, ""),
			"Datadog refused to get the event (401 Unauthorized)" + bothKeys + ", and that the application key has the permission events_read",
		},
		"403 without a permission": {
			readCalls["snapshot"], answering(403, `{"errors":["Forbidden"]}`),
			"Datadog refused to take the graph's snapshot (403 Forbidden)" + bothKeys,
		},
		"404":            {readCalls["monitor"], answering(404, `{"errors":["Monitor not found"]}`), "Datadog refused to get the monitor (404 Not Found): Monitor not found"},
		"429":            {readCalls["events"], answering(429, "", "X-RateLimit-Reset", "12"), "Datadog could not list events (429 Too Many Requests); its rate limit ends in 12s"},
		"502 of a page":  {createCalls["create"], answering(502, "<html><body>502</body></html>", "Content-Type", "text/html"), "Datadog could not create the event (502 Bad Gateway)"},
		"unnamed status": {readCalls["monitor"], answering(599, ""), "Datadog could not get the monitor (599)"},
		"not JSON":       {readCalls["monitor"], answering(200, "<html>"), "Datadog sent an unreadable response to get the monitor"},
		"no network": {
			createCalls["create"], func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
			"Datadog could not be reached to create the event",
		},
		"timeout": {
			createCalls["create"], func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded },
			"Datadog took too long to create the event",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if f, _ := failure(t, tt.call.do(t.Context(), clientOver(t, tt.answer, keyring{}))); f.Public != tt.want {
				t.Errorf("got  %s\nwant %s", f.Public, tt.want)
			}
		})
	}
}

func TestClient_RateLimitReset(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"0": 0, "1": time.Second, "3600": time.Hour, "": 0, "-5": 0, "soon": 0, "1.5": 0,
		"4000000000": 24 * time.Hour, "99999999999999999999": 0,
	} {
		f, e := failure(t, createCalls["create"].do(t.Context(), clientOver(t, answering(429, "", "X-Ratelimit-Reset", header), keyring{})))
		if f.RetryAfter != want || e.Reset != want {
			t.Errorf("%q: got %v and %v, want %v", header, f.RetryAfter, e.Reset, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"empty":              {"", ""},
		"v1":                 {`{"errors":["Event too far in the past"]}`, "Event too far in the past"},
		"several":            {`{"errors":["one","two"]}`, "one; two"},
		"v1 rejection":       {`{"status":"error","code":403,"errors":["Forbidden"],"statuspage":"http://status.datadoghq.com"}`, "Forbidden"},
		"v2":                 {`{"errors":[{"status":"400","title":"Bad Request","detail":"JSON validation failed"}]}`, "Bad Request: JSON validation failed"},
		"v2 without detail":  {`{"errors":[{"title":"Not Found"}]}`, "Not Found"},
		"v2 without title":   {`{"errors":[{"detail":"no such thing"}]}`, "no such thing"},
		"unknown errors":     {`{"errors":[7,{"x":1},null]}`, `{"errors":[7,{"x":1},null]}`},
		"not a list":         {`{"errors":"broken"}`, `{"errors":"broken"}`},
		"another object":     {`{"message":"hello"}`, `{"message":"hello"}`},
		"plain text":         {"upstream connect error\r\n\tor disconnect", "upstream connect error or disconnect"},
		"page":               {"\n<!DOCTYPE html><html><title>502</title></html>", ""},
		"JSON cut off":       {`{"errors":["Event too fa`, `{"errors":["Event too fa`},
		"control characters": {"{\"errors\":[\"a\\u0000b\\u001b[31mred\\u202Eevil\\n\\nend\"]}", "a b [31mred evil end"},
		"invalid UTF-8":      {"caf\xff\xfe", "caf"},
		"API key":            {`{"errors":["unknown key ` + apiKey + `"]}`, "unknown key <keys>"},
		"application key":    {"unknown key " + appKey + "!", "unknown key <keys>!"},
		"escaped key":        {`{"errors":["\u0061` + apiKey[1:] + `"]}`, "<keys>"},
		"key at the end":     {strings.Repeat("x", 290) + apiKey, strings.Repeat("x", 290) + "<keys>"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errorText([]byte(tt.body), call{}.redactor(keys)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for _, n := range []int{maxErrorRunes - 1, maxErrorRunes, maxErrorRunes + 1, 10 * maxErrorRunes} {
		got := errorText([]byte(strings.Repeat("é", n)), strings.TrimSpace)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) != min(n, maxErrorRunes) || strings.HasSuffix(got, "…") != (n > maxErrorRunes) {
			t.Errorf("%d characters: got %q", n, got)
		}
	}
}

func TestClient_RecordRateLimit(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header []string
		want   []string
	}{
		"an answer":          {http.StatusAccepted, []string{"X-RateLimit-Remaining", "41", "X-RateLimit-Name", "events_v1"}, []string{"boomerang.ratelimit.remaining:41|d|#limit:events_v1"}},
		"a refusal":          {http.StatusTooManyRequests, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Name", "events_v1"}, []string{"boomerang.ratelimit.remaining:0|d|#limit:events_v1"}},
		"without a name":     {http.StatusAccepted, []string{"X-RateLimit-Remaining", "41"}, []string{"boomerang.ratelimit.remaining:41|d"}},
		"without the header": {http.StatusAccepted, nil, nil},
		"words":              {http.StatusAccepted, []string{"X-RateLimit-Remaining", "many"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			client := clientOver(t, answering(c.status, `{"event":{"id":1}}`, c.header...), keyring{})
			e := telemetrytest.During(t, func(ctx context.Context) {
				if _, err := client.Create(ctx, event.Event{Title: "x"}); (err != nil) != (c.status != http.StatusAccepted) {
					t.Error(err)
				}
			})
			if diff := cmp.Diff(c.want, e.Lines(t)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClient_ErrorsHaveNoQuery(t *testing.T) {
	handlers := maps.Clone(brokenConnections)
	handlers["hangs"] = func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	handlers["hangs in the body"] = func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	handlers["unreachable"] = nil
	for how, handler := range handlers {
		for name, do := range map[string]func(context.Context, *Client) error{
			"events": func(ctx context.Context, c *Client) error {
				_, err := c.Events(ctx, EventQuery{Tags: []string{"customer:jane"}})
				return err
			},
			"cached": func(ctx context.Context, c *Client) error {
				_, err := c.Cached(time.Minute).Events(ctx, EventQuery{Tags: []string{"customer:jane"}})
				return err
			},
			"service": func(ctx context.Context, c *Client) error {
				_, err := c.Service(ctx, "jane")
				return err
			},
			"invalid path": func(ctx context.Context, c *Client) error {
				_, err := readEach(ctx, c, call{op: "get the page", method: http.MethodGet, path: "/jane\x7f"}, "data", team)
				return err
			},
		} {
			t.Run(how+" "+name, func(t *testing.T) {
				s, c := server(t, handler)
				if handler == nil {
					s.Close()
				}
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				err := do(ctx, c)
				f, e := failure(t, err)
				if strings.HasPrefix(how, "hangs") && name != "invalid path" && (f.Kind != fault.Temporary || !errors.Is(err, context.DeadlineExceeded)) {
					t.Errorf("got kind %v of %v, want a timeout", f.Kind, err)
				}
				if text := fmt.Sprintf("%v %s %v %+v %#v", err, f.Public, e, err, *e); e.Cause == nil || strings.Contains(text, "jane") {
					t.Errorf("the error has no cause, or the query: %s", text)
				}
			})
		}
	}
}
