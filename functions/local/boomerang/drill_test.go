package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/delivery"
	"boomerang/functions/local/output"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
)

var (
	generous = drill.Timeouts{Answer: 10 * time.Second, Event: 10 * time.Second, Interval: 10 * time.Millisecond}
	brief    = drill.Timeouts{Answer: 10 * time.Second, Event: time.Second, Interval: 10 * time.Millisecond}
)

// stack is a deployed function and the environment of a drill of it.
type stack struct {
	datadog *fakedatadog.Server
	url     string
	env     map[string]string
}

// newStack has an event stream that shows events after a delay.
func newStack(t *testing.T, visibleAfter time.Duration) stack {
	t.Helper()
	d := fakedatadog.New(fakedatadog.Options{VisibleAfter: max(visibleAfter, 1)})
	s := &sandbox.Sandbox{Datadog: d, URL: serveTest(t, d), Keys: datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}}
	env := map[string]string{"WEBHOOK_TOKEN": sandbox.Token, "DD_API_KEY": s.Keys.API, "DD_APP_KEY": s.Keys.App + "\n", "DATADOG_API_URL": s.URL}
	function, err := delivery.New(t.Context(), s.Environment(functionEnv, slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	return stack{d, serveTest(t, function) + "/", env}
}

// functionEnv keeps the steps from waiting for a fake that hangs.
var functionEnv = map[string]string{"ENRICH_BUDGET": "300ms"}

func serveTest(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// drill returns the screen and the error of a drill.
func (s stack) drill(t *testing.T, wait drill.Timeouts) (string, error) {
	t.Helper()
	target, err := parseTarget(s.url, s.env)
	if err != nil {
		t.Fatal(err)
	}
	local, err := sandbox.Start(s.env, true, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if target.Stream, err = local.Client(); err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	err = cli{out: output.New(&screen), options: options{output: asText}}.showDrill(t.Context(), target, wait)
	return screen.String(), err
}

func TestDrill_LateEvent(t *testing.T) {
	s := newStack(t, 40*time.Millisecond)
	// The first of them meets the step that reads events, the others the drill.
	if err := s.datadog.Inject(fakedatadog.EventsList, fakedatadog.Status(http.StatusServiceUnavailable), 3); err != nil {
		t.Fatal(err)
	}
	screen, err := s.drill(t, generous)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, screen, "✗ related_events", "The event in Datadog")
	reads := 0
	for _, r := range s.datadog.Requests() {
		if r.Route == fakedatadog.EventsList {
			reads++
		}
	}
	if reads < 4 {
		t.Errorf("%d reads of the event stream, one of them by the function", reads)
	}
}

func TestDrill_Errors(t *testing.T) {
	const unread = "the event stream cannot be read"
	for name, c := range map[string]struct {
		visibleAfter time.Duration
		route        fakedatadog.Route
		fault        fakedatadog.Fault
		token        string
		want         []string
	}{
		"wrong token":         {token: "of-last-year", want: []string{"the webhook answered 401 Unauthorized", "WEBHOOK_TOKEN", "TokenCommand"}},
		"cannot post":         {route: fakedatadog.EventsCreate, fault: fakedatadog.Status(http.StatusInternalServerError), want: []string{"the webhook answered 503 Service Unavailable", "no queue to keep it"}},
		"event never visible": {visibleAfter: time.Hour, want: []string{"the webhook posted the event 83", "showed no event with the tag drill:", "within 1s", "DD_SITE"}},
		"reads forbidden":     {route: fakedatadog.EventsList, fault: fakedatadog.Forbidden, want: []string{"the webhook posted the event 83", unread, "403 Forbidden", "permission events_read"}},
		"reads hang":          {route: fakedatadog.EventsList, fault: fakedatadog.Hang, want: []string{unread, "took too long to list events"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, c.visibleAfter)
			if c.token != "" {
				s.env["WEBHOOK_TOKEN"] = c.token
			}
			if c.route != "" {
				if err := s.datadog.Inject(c.route, c.fault, 0); err != nil {
					t.Fatal(err)
				}
			}
			screen, err := s.drill(t, brief)
			if err == nil {
				t.Fatalf("it succeeded:\n%s", screen)
			}
			errorContains(t, err, c.want...)
			if strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("more than a sentence: %q", err)
			}
			for _, secret := range []string{fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey, s.env["WEBHOOK_TOKEN"]} {
				if strings.Contains(err.Error()+screen, secret) {
					t.Errorf("it shows the secret %q", secret)
				}
			}
		})
	}
}

// TestParseTarget_URL keeps the token from other places, and the address from errors.
func TestParseTarget_URL(t *testing.T) {
	for address, want := range map[string]string{
		lambdaURL: "",
		"https://abc.lambda-url.eu-west-1.on.aws": "",
		"http://127.0.0.1:8787":                   "",
		"http://[::1]:8787/":                      "",
		"http://localhost:8787/":                  "",
		"http://abc.lambda-url.eu-west-1.on.aws/": "must start with https://",
		"http://127.0.0.1.example.com/":           "must start with https://",
		"http://10.0.0.7/":                        "must start with https://",
		"ftp://127.0.0.1/":                        "must start with https://",
		"https://any:s3cret@example.com/":         "must not have a user",
		"https://example.com/?token=s3cret":       "must not have a user, a query",
		"example.com":                             "is not a URL",
		"https:///":                               "is not a URL",
		"https://s3cret\x7f/":                     "is not a URL",
		"":                                        "is not a URL",
	} {
		_, err := parseTarget(address, map[string]string{"WEBHOOK_TOKEN": "t", "DD_API_KEY": "a", "DD_APP_KEY": "b"})
		if want == "" && err != nil {
			t.Errorf("%q: %v", address, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%q: got %v, want %q", address, err, want)
		}
	}
}

func TestDrill(t *testing.T) {
	s := newStack(t, 0)
	screen := mustInvoke(t, s.env, "drill", s.url, "--timeout", "5s")
	contains(t, screen, "200 OK in", "posted by the playbook default", "✓ related_events", "for at most 5s", "The event in Datadog: https://app.datadoghq.com/event",
		"[Drill]", "drill:", "enrichment:complete", "info · normal", "It took ")
	if !regexp.MustCompile(`Alert [1-9][0-9]{18} → ` + regexp.QuoteMeta(s.url)).MatchString(screen) {
		t.Errorf("no id of 19 digits: %s", screen)
	}
}
