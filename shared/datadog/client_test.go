package datadog

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

func TestNew_talks_to_the_API_of_the_site(t *testing.T) {
	for _, s := range site.All() {
		for op, want := range map[string]string{
			"create":       "https://api." + string(s) + "/api/v1/events",
			"create_alert": "https://event-management-intake." + string(s) + "/api/v2/events",
			"monitor":      "https://api." + string(s) + "/api/v1/monitor/7",
		} {
			t.Run(string(s)+"_to_"+op, func(t *testing.T) {
				var l log
				c := newClient(t, Config{Site: s, HTTPClient: &http.Client{Transport: l.answering(200, wholeAnswer)}}, keyring{})
				if err := operations[op](t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if l.requests[0].url != want {
					t.Errorf("asked %s, want %s", l.requests[0].url, want)
				}
			})
		}
	}
}

func TestNew_takes_a_base_URL(t *testing.T) {
	for base, want := range map[string]string{
		"https://datadog.example":       "https://datadog.example/api/v1/monitor/7",
		"https://datadog.example/":      "https://datadog.example/api/v1/monitor/7",
		"https://proxy.example/datadog": "https://proxy.example/datadog/api/v1/monitor/7",
		"http://127.0.0.1:8126":         "http://127.0.0.1:8126/api/v1/monitor/7",
		"http://127.8.9.1":              "http://127.8.9.1/api/v1/monitor/7",
		"http://[::1]:8126":             "http://[::1]:8126/api/v1/monitor/7",
		"http://localhost:8126":         "http://localhost:8126/api/v1/monitor/7",
	} {
		t.Run(base, func(t *testing.T) {
			var l log
			c := newClient(t, Config{Site: site.US1, BaseURL: base, HTTPClient: &http.Client{Transport: l.answering(200, wholeAnswer)}}, keyring{})
			if _, err := c.Monitor(t.Context(), 7, MonitorQuery{}); err != nil {
				t.Fatal(err)
			}
			if l.requests[0].url != want {
				t.Errorf("asked %s, want %s", l.requests[0].url, want)
			}
			if err := operations["create_alert"](t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(want, "/api/v1/monitor/7", "/api/v2/events", 1); l.requests[1].url != want {
				t.Errorf("an alert went to %s, want %s", l.requests[1].url, want)
			}
		})
	}
}

func TestNew_refuses(t *testing.T) {
	tests := map[string]struct {
		cfg  Config
		says string
	}{
		"no_site":                  {Config{}, "is not a Datadog site"},
		"an_unknown_site":          {Config{Site: "us4.datadoghq.com"}, "us5.datadoghq.com"},
		"plain_http_to_a_host":     {Config{Site: site.US1, BaseURL: "http://datadog.example"}, "https://"},
		"plain_http_to_an_address": {Config{Site: site.US1, BaseURL: "http://10.0.0.1"}, "loopback"},
		"a_name_like_a_loopback":   {Config{Site: site.US1, BaseURL: "http://127.0.0.1.example"}, "loopback"},
		"another_scheme":           {Config{Site: site.US1, BaseURL: "ftp://127.0.0.1"}, "https://"},
		"a_bare_host":              {Config{Site: site.US1, BaseURL: "datadog.example"}, "not a URL"},
		"nonsense":                 {Config{Site: site.US1, BaseURL: "https://%zz:hunter2@"}, "not a URL"},
		"a_password":               {Config{Site: site.US1, BaseURL: "https://me:hunter2@datadog.example"}, "user"},
		"a_query":                  {Config{Site: site.US1, BaseURL: "https://datadog.example?api_key=hunter2"}, "query"},
		"a_fragment":               {Config{Site: site.US1, BaseURL: "https://datadog.example#a"}, "fragment"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := New(tt.cfg, keyring{})
			if err == nil {
				t.Fatalf("got %+v", c)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q tells the password", err)
			}
		})
	}
}

func TestClient_sends_the_keys_a_call_needs(t *testing.T) {
	for name, operation := range operations {
		t.Run(name, func(t *testing.T) {
			var l log
			if err := operation(t.Context(), clientOver(t, l.answering(200, wholeAnswer), keyring{})); err != nil {
				t.Fatal(err)
			}
			got := l.requests[0]
			wantApp := appKey
			if name == "create" {
				wantApp = ""
			}
			if api, app := got.header.Get("DD-API-KEY"), got.header.Get("DD-APPLICATION-KEY"); api != apiKey || app != wantApp {
				t.Errorf("sent the keys %q and %q, want %q and %q", api, app, apiKey, wantApp)
			}
			if name == "create" && strings.Contains(fmt.Sprint(got), appKey) {
				t.Errorf("the application key is somewhere in %v", got)
			}
			if !strings.HasPrefix(got.header.Get("User-Agent"), "boomerang ") {
				t.Errorf("User-Agent is %q", got.header.Get("User-Agent"))
			}
		})
	}
}

func TestClient_renews_keys_that_Datadog_refuses(t *testing.T) {
	for _, status := range []int{401, 403} {
		for name, operation := range operations {
			t.Run(fmt.Sprintf("%s_after_a_%d", name, status), func(t *testing.T) {
				var l log
				datadog := func(r *http.Request) (*http.Response, error) {
					l.add(r)
					if r.Header.Get("DD-API-KEY") == freshAPI {
						return respond(200, wholeAnswer), nil
					}
					return respond(status, `{"errors":["Forbidden"]}`), nil
				}
				renewals := 0
				c := clientOver(t, datadog, keyring{renew: func(stale Keys) (Keys, error) {
					renewals++
					if stale != keys {
						t.Error("renewed other keys than those that were refused")
					}
					return fresh, nil
				}})
				if err := operation(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if renewals != 1 || len(l.requests) != 2 {
					t.Errorf("%d renewals and %d requests, want 1 and 2", renewals, len(l.requests))
				}
				if l.requests[0].body != l.requests[1].body {
					t.Errorf("sent %q and then %q", l.requests[0].body, l.requests[1].body)
				}
			})
		}
	}
}

func TestClient_gives_up_after_one_renewal(t *testing.T) {
	tests := map[string]struct {
		renewed Keys
		reads   int // How many requests a read makes; a create makes two.
	}{
		"with_other_keys":       {fresh, 2},
		"when_nothing_was_new":  {keys, 1},
		"when_only_one_was_new": {Keys{API: apiKey, App: freshApp}, 2},
	}
	for name, tt := range tests {
		for op, operation := range operations {
			t.Run(op+"_"+name, func(t *testing.T) {
				var l log
				renewals := 0
				c := clientOver(t, l.answering(403, `{"errors":["Forbidden"]}`), keyring{renew: func(Keys) (Keys, error) {
					renewals++
					return tt.renewed, nil
				}})
				f, e := failure(t, operation(t.Context(), c))
				kind := fault.Permanent
				if strings.HasPrefix(op, "create") {
					kind = fault.Temporary // An event waits until somebody has mended the keys.
				}
				if f.Kind != kind || e.Status != 403 {
					t.Errorf("got kind %v and status %d, want %v and 403", f.Kind, e.Status, kind)
				}
				want := tt.reads
				if op == "create" {
					want = 2
				}
				if renewals != 1 || len(l.requests) != want {
					t.Errorf("%d renewals and %d requests, want 1 and %d", renewals, len(l.requests), want)
				}
			})
		}
	}
}

func TestClient_without_keys(t *testing.T) {
	throttled := &fault.Error{Kind: fault.Temporary, Public: "Secrets Manager is busy", RetryAfter: 7}
	none := func(err error) keyring { return keyring{keys: func() (Keys, error) { return Keys{}, err }} }
	has := func(k Keys) keyring { return keyring{keys: func() (Keys, error) { return k, nil }} }
	tests := map[string]struct {
		credentials keyring
		kind        fault.Kind
		says        string
		status      int
		requests    int
	}{
		"temporarily":                {none(throttled), fault.Temporary, "Secrets Manager is busy", 0, 0},
		"by_a_mistake_of_ours":       {none(fmt.Errorf("a private text")), fault.Internal, "something went wrong", 0, 0},
		"after_a_refusal":            {keyring{renew: func(Keys) (Keys, error) { return Keys{}, throttled }}, fault.Temporary, "Secrets Manager is busy", 403, 1},
		"no_API_key":                 {has(Keys{App: appKey}), fault.Permanent, "the API key is empty", 0, 0},
		"no_application_key":         {has(Keys{API: apiKey}), fault.Permanent, "the application key is empty", 0, 0},
		"an_API_key_with_a_newline":  {has(Keys{API: apiKey + "\n", App: appKey}), fault.Permanent, "the API key", 0, 0},
		"an_application_key_in_café": {has(Keys{API: apiKey, App: "café"}), fault.Permanent, "the application key", 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l log
			f, e := failure(t, operations["monitor"](t.Context(), clientOver(t, l.answering(403, ""), tt.credentials)))
			if f.Kind != tt.kind || e.Status != tt.status || len(l.requests) != tt.requests {
				t.Errorf("got kind %v, status %d, %d requests; want %v, %d, %d", f.Kind, e.Status, len(l.requests), tt.kind, tt.status, tt.requests)
			}
			if !strings.Contains(f.Public, tt.says) || !strings.Contains(f.Public, "get the monitor") || strings.Contains(f.Public, "private") {
				t.Errorf("says %q, want %q", f.Public, tt.says)
			}
			if tt.kind == fault.Temporary && f.RetryAfter != 7 {
				t.Errorf("RetryAfter is %v, want 7ns", f.RetryAfter)
			}
		})
	}
	t.Run("an_event_waits_for_a_key_that_is_mended", func(t *testing.T) {
		if err := operations["create"](t.Context(), clientOver(t, answering(202, wholeAnswer), has(Keys{}))); !fault.IsTemporary(err) {
			t.Errorf("got %v, want a temporary fault", err)
		}
	})
	t.Run("an_event_needs_no_application_key", func(t *testing.T) {
		if err := operations["create"](t.Context(), clientOver(t, answering(202, wholeAnswer), has(Keys{API: apiKey}))); err != nil {
			t.Error(err)
		}
	})
}

func TestClient_follows_no_redirect(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, operation := range operations {
			t.Run(fmt.Sprintf("%d_%s", status, name), func(t *testing.T) {
				_, c := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
				f, e := failure(t, operation(t.Context(), c))
				if f.Kind != fault.Permanent || e.Status != status {
					t.Errorf("got kind %v and status %d, want refused and %d", f.Kind, e.Status, status)
				}
			})
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

func TestClient_reuses_its_connection(t *testing.T) {
	var connections atomic.Int32
	statuses := []int{200, 404, 500, 429, 200, 400}
	var n atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[int(n.Add(1)-1)%len(statuses)])
		_, _ = w.Write([]byte(strings.Repeat(" ", 100_000) + wholeAnswer))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := newClient(t, Config{Site: site.US1, BaseURL: s.URL}, keyring{})
	for range 3 {
		for _, operation := range operations {
			_ = operation(t.Context(), c)
		}
	}
	if got := connections.Load(); got != 1 || int(n.Load()) != 3*len(operations) {
		t.Errorf("%d requests took %d connections, want %d on 1", n.Load(), got, 3*len(operations))
	}
}

func TestClient_closes_every_body(t *testing.T) {
	bodies := map[string]func() io.Reader{
		"whole":   func() io.Reader { return strings.NewReader(wholeAnswer) },
		"cut":     func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) },
		"endless": func() io.Reader { return zeros{} },
	}
	for _, status := range []int{200, 302, 403, 503} {
		for how, body := range bodies {
			t.Run(fmt.Sprintf("%s_after_a_%d", how, status), func(t *testing.T) {
				opened, closed := 0, 0
				c := clientOver(t, func(*http.Request) (*http.Response, error) {
					opened++
					return &http.Response{StatusCode: status, Body: closer{body(), func() { closed++ }}}, nil
				}, keyring{})
				_ = operations["create"](t.Context(), c)
				if opened == 0 || closed < opened {
					t.Errorf("closed %d of %d bodies", closed, opened)
				}
			})
		}
	}
}

// closer is a body that tells when it is closed.
type closer struct {
	io.Reader
	onClose func()
}

func (c closer) Close() error {
	c.onClose()
	return nil
}

func TestClient_speaks_HTTP_2(t *testing.T) {
	var protocol atomic.Value
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol.Store(r.Proto)
		_, _ = w.Write([]byte(wholeAnswer))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	own := transport().(*http.Transport)
	own.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	own.TLSClientConfig.NextProtos = nil
	c := newClient(t, Config{Site: site.US1, BaseURL: s.URL, HTTPClient: &http.Client{Transport: own}}, keyring{})
	if _, err := c.Event(context.Background(), "7"); err != nil {
		t.Fatal(err)
	}
	if protocol.Load() != "HTTP/2.0" {
		t.Errorf("spoke %v", protocol.Load())
	}
}

func TestNew_leaves_the_HTTP_client_it_is_given_alone(t *testing.T) {
	given := &http.Client{}
	newClient(t, Config{Site: site.US1, HTTPClient: given}, keyring{})
	if given.CheckRedirect != nil || given.Transport != nil {
		t.Error("New changed its caller's HTTP client")
	}
}

func TestClient_a_body_that_is_no_JSON_is_a_mistake_of_ours(t *testing.T) {
	var l log
	c := clientOver(t, l.answering(200, wholeAnswer), keyring{})
	_, err := c.do(t.Context(), call{op: "say it", method: http.MethodPost, path: "/", body: &struct{ C chan int }{}})
	if f, e := failure(t, err); f.Kind != fault.Internal || e.Op != "say it" || len(l.requests) != 0 {
		t.Errorf("got kind %v, %+v and %d requests", f.Kind, e, len(l.requests))
	}
}
