package datadog

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

const (
	apiKey   = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	appKey   = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233f"
	freshAPI = "ffffeeeeddddccccbbbbaaaa99998888"
	freshApp = "1111222233334444555566667777888899990000"
)

var (
	keys  = Keys{API: apiKey, App: appKey}
	fresh = Keys{API: freshAPI, App: freshApp}
)

// keyring is Credentials made of functions; a nil one hands out keys.
type keyring struct {
	keys  func() (Keys, error)
	renew func(stale Keys) (Keys, error)
}

var _ Credentials = keyring{}

func (k keyring) Keys(context.Context) (Keys, error) {
	if k.keys == nil {
		return keys, nil
	}
	return k.keys()
}

func (k keyring) Renew(_ context.Context, stale Keys) (Keys, error) {
	if k.renew == nil {
		return stale, nil
	}
	return k.renew(stale)
}

// roundTrip is an http.RoundTripper without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respond returns an answer as a transport would.
func respond(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func answering(status int, body string, header ...string) roundTrip {
	return func(*http.Request) (*http.Response, error) { return respond(status, body, header...), nil }
}

func clientOver(t *testing.T, f roundTrip, credentials Credentials) *Client {
	t.Helper()
	return newClient(t, Config{Site: site.US1, HTTPClient: &http.Client{Transport: f}}, credentials)
}

func newClient(t *testing.T, cfg Config, credentials Credentials) *Client {
	t.Helper()
	c, err := New(cfg, credentials)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// server runs handler on a loopback port and returns a client for it.
func server(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *Client) {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s, newClient(t, Config{Site: site.US1, BaseURL: s.URL}, keyring{})
}

// wholeAnswer satisfies every call of readCalls and writeCalls. It has "data" twice, as a list and as an object:
// a call reads the one of its type.
const wholeAnswer = `{"event":{"id_str":"7"},"events":[],"host_list":[],"id":7,"series":[],"snapshot_url":"https://p.example/7.png","name":"a",` +
	`"url":"https://e.example/","dashboards":[],"data":[{"id":"7","attributes":{"handle":"shop","name":"checkout"}}],` +
	`"data":{"id":"7","attributes":{"slos":[],"incidents":[],"schema":{"dd-service":"checkout"}},"overall":{}}}`

// failure returns both faces of an error of this package.
func failure(t *testing.T, err error) (*fault.Error, *Error) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("%T is not a *fault.Error: %v", err, err)
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("there is no *Error in %v", err)
	}
	return f, e
}

// log collects requests. It is safe for concurrent use.
type log struct {
	mu       sync.Mutex
	requests []seen
}

type seen struct {
	method, url string
	header      http.Header
	body        string
}

func (l *log) add(r *http.Request) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, seen{r.Method, r.URL.String(), r.Header.Clone(), string(body)})
}

func (l *log) answering(status int, body string) roundTrip {
	return l.keeping(func() *http.Response { return respond(status, body) })
}

func (l *log) keeping(answer func() *http.Response) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		l.add(r)
		return answer(), nil
	}
}

// testCalls runs a test for every call of the tables.
func testCalls(t *testing.T, test func(*testing.T, apiCall), tables ...map[string]apiCall) {
	t.Helper()
	for _, table := range tables {
		for name, c := range table {
			t.Run(name, func(t *testing.T) { test(t, c) })
		}
	}
}

// isCreate is true of the calls that have done their work once the status is 2xx.
func (c apiCall) isCreate() bool { return c.permission == "" && strings.HasPrefix(c.request, "POST") }
