package datadog

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

func TestNew_Sites(t *testing.T) {
	for _, s := range site.All() {
		for name, want := range map[string]string{
			"create":       "https://api." + string(s) + "/api/v1/events",
			"create alert": "https://event-management-intake." + string(s) + "/api/v2/events",
		} {
			var l log
			c := newClient(t, Config{Site: s, HTTPClient: &http.Client{Transport: l.answering(202, wholeAnswer)}}, keyring{})
			if err := createCalls[name].do(t.Context(), c); err != nil || l.requests[0].url != want {
				t.Errorf("sent to %s, want %s, %v", l.requests[0].url, want, err)
			}
		}
	}
}

func TestNew_BaseURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://datadog.example":       "https://datadog.example",
		"https://datadog.example/":      "https://datadog.example",
		"https://proxy.example/datadog": "https://proxy.example/datadog",
		"http://127.0.0.1:8126":         "http://127.0.0.1:8126",
		"http://[::1]:8126":             "http://[::1]:8126",
		"http://localhost:8126":         "http://localhost:8126",
	} {
		var l log
		c := newClient(t, Config{Site: site.US1, BaseURL: base, HTTPClient: &http.Client{Transport: l.answering(200, wholeAnswer)}}, keyring{})
		for _, call := range []apiCall{readCalls["monitor"], createCalls["create alert"]} {
			if err := call.do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if l.requests[0].url != want+"/api/v1/monitor/7" || l.requests[1].url != want+"/api/v2/events" {
			t.Errorf("%s: sent to %s and %s", base, l.requests[0].url, l.requests[1].url)
		}
	}
}

func TestNew_Invalid(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  Config
		want string
	}{
		"no site":        {Config{}, "is not a Datadog site"},
		"unknown site":   {Config{Site: "us4.datadoghq.com"}, "us5.datadoghq.com"},
		"http to a host": {Config{Site: site.US1, BaseURL: "http://datadog.example"}, "is plain http to another machine"},
		"password":       {Config{Site: site.US1, BaseURL: "https://me:hunter2@datadog.example"}, "contains credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(tt.cfg, keyring{}); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestNew_HTTPClientUnchanged(t *testing.T) {
	given := &http.Client{}
	newClient(t, Config{Site: site.US1, HTTPClient: given}, keyring{})
	if given.CheckRedirect != nil || given.Transport != nil {
		t.Error("New changed its caller's HTTP client")
	}
}

func TestClient_RenewedKeys(t *testing.T) {
	for _, status := range []int{401, 403} {
		testCalls(t, func(t *testing.T, call apiCall) {
			var l log
			datadog := func(r *http.Request) (*http.Response, error) {
				l.add(r)
				if r.Header.Get("DD-API-KEY") == freshAPI {
					return respond(200, wholeAnswer), nil
				}
				return respond(status, `{"errors":["Forbidden"]}`), nil
			}
			renewals := 0
			err := call.do(t.Context(), clientOver(t, datadog, keyring{renew: func(stale Keys) (Keys, error) {
				renewals++
				if stale != keys {
					t.Error("renewed other keys than the rejected ones")
				}
				return fresh, nil
			}}))
			if err != nil || renewals != 1 || len(l.requests) != 2 || l.requests[0].body != l.requests[1].body {
				t.Errorf("%d renewals and %d requests, want 1 and 2 equal ones: %v", renewals, len(l.requests), err)
			}
		}, readCalls, createCalls)
	}
}

func TestClient_RenewalFails(t *testing.T) {
	for name, tt := range map[string]struct {
		renewed  Keys
		requests int // Of a call with both keys; Create sends two.
	}{
		"other keys":       {fresh, 2},
		"equal keys":       {keys, 1},
		"equal API key":    {Keys{API: apiKey, App: freshApp}, 2},
		"equal secret key": {Keys{API: freshAPI, App: appKey}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			testCalls(t, func(t *testing.T, call apiCall) {
				var l log
				renewals, want := 0, tt.requests
				err := call.do(t.Context(), clientOver(t, l.answering(403, `{"errors":["Forbidden"]}`), keyring{renew: func(Keys) (Keys, error) {
					renewals++
					return tt.renewed, nil
				}}))
				if call.request == "POST /api/v1/events" {
					want = 2
				}
				f, e := failure(t, err)
				if f.Kind == fault.Temporary != call.isCreate() || e.Status != 403 || renewals != 1 || len(l.requests) != want {
					t.Errorf("got %v, status %d, %d renewals and %d requests, want %d", f.Kind, e.Status, renewals, len(l.requests), want)
				}
			}, readCalls, writeCalls, createCalls)
		})
	}
}

func TestClient_NoKeys(t *testing.T) {
	throttled := &fault.Error{Kind: fault.Temporary, Public: "Secrets Manager is busy", RetryAfter: 7}
	fails := func(err error) keyring { return keyring{keys: func() (Keys, error) { return Keys{}, err }} }
	has := func(k Keys) keyring { return keyring{keys: func() (Keys, error) { return k, nil }} }
	for name, tt := range map[string]struct {
		credentials keyring
		kind        fault.Kind
		want        string
		status      int
		requests    int
	}{
		"temporary":         {fails(throttled), fault.Temporary, "Secrets Manager is busy", 0, 0},
		"internal":          {fails(fmt.Errorf("a private text")), fault.Internal, "something went wrong", 0, 0},
		"after a rejection": {keyring{renew: func(Keys) (Keys, error) { return Keys{}, throttled }}, fault.Temporary, "Secrets Manager is busy", 403, 1},
		"no API key":        {has(Keys{App: appKey}), fault.Permanent, "the API key is empty", 0, 0},
		"no app key":        {has(Keys{API: apiKey}), fault.Permanent, "the application key is empty", 0, 0},
		"line break":        {has(Keys{API: apiKey + "\n", App: appKey}), fault.Permanent, "the API key", 0, 0},
		"not ASCII":         {has(Keys{API: apiKey, App: "café"}), fault.Permanent, "the application key", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			f, e := failure(t, readCalls["monitor"].do(t.Context(), clientOver(t, l.answering(403, ""), tt.credentials)))
			if f.Kind != tt.kind || e.Status != tt.status || len(l.requests) != tt.requests {
				t.Errorf("got kind %v, status %d, %d requests; want %v, %d, %d", f.Kind, e.Status, len(l.requests), tt.kind, tt.status, tt.requests)
			}
			if !strings.Contains(f.Public, tt.want) || !strings.Contains(f.Public, "get the monitor") || strings.Contains(f.Public, "private") {
				t.Errorf("the public text is %q, want %q", f.Public, tt.want)
			}
			if tt.kind == fault.Temporary && f.RetryAfter != 7 {
				t.Errorf("RetryAfter is %v, want 7ns", f.RetryAfter)
			}
		})
	}
	create := createCalls["create"].do
	if err := create(t.Context(), clientOver(t, answering(202, wholeAnswer), has(Keys{}))); !fault.IsTemporary(err) {
		t.Errorf("an event without a key: got %v, want a temporary fault", err)
	}
	if err := create(t.Context(), clientOver(t, answering(202, wholeAnswer), has(Keys{API: apiKey}))); err != nil {
		t.Errorf("an event without an application key: %v", err)
	}
}

func TestClient_Redirects(t *testing.T) {
	var followed atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, call := range []apiCall{readCalls["monitor"], createCalls["create"]} {
			_, c := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
			if f, e := failure(t, call.do(t.Context(), c)); f.Kind != fault.Permanent || e.Status != status {
				t.Errorf("got kind %v and status %d, want permanent and %d", f.Kind, e.Status, status)
			}
		}
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

func TestClient_InvalidBody(t *testing.T) {
	var l log
	invalid := call{op: "say it", method: http.MethodPost, path: "/", body: &struct{ C chan int }{}}
	for _, c := range []*Client{clientOver(t, l.answering(200, wholeAnswer), keyring{}), clientOver(t, nil, keyring{}).Cached(time.Minute)} {
		_, err := readEach(context.Background(), c, invalid, "data", team)
		if f, e := failure(t, err); f.Kind != fault.Internal || e.Op != "say it" || len(l.requests) != 0 {
			t.Errorf("got kind %v, %+v and %d requests", f.Kind, e, len(l.requests))
		}
	}
}
