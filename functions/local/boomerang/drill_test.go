package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
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
	s := &sandbox.Sandbox{Datadog: d, URL: serveTest(t, d), Token: sandbox.Token, Keys: datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}}
	env := map[string]string{"WEBHOOK_TOKEN": sandbox.Token, "DD_API_KEY": s.Keys.API, "DD_APP_KEY": s.Keys.App + "\n", "DATADOG_API_URL": s.URL}
	function, err := newFunction(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stack{d, serveTest(t, function) + "/", env}
}

func serveTest(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// TestDrill_Errors says in one sentence how far the alert came, and shows no secret.
func TestDrill_Errors(t *testing.T) {
	for name, c := range map[string]struct {
		visibleAfter time.Duration
		fault        fakedatadog.Fault // of reads of the event stream
		token        string
		want         []string
	}{
		"wrong token":         {token: "of-last-year", want: []string{"the webhook answered 401 Unauthorized", "WEBHOOK_TOKEN", "TokenCommand"}},
		"event never visible": {visibleAfter: time.Hour, want: []string{"the webhook posted the event 83", "showed no event with the tag drill:", "within 1s", "DD_SITE"}},
		"reads forbidden":     {fault: fakedatadog.Forbidden, want: []string{"the event stream cannot be read", "403 Forbidden", "permission events_read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, c.visibleAfter)
			s.env["WEBHOOK_TOKEN"] = cmp.Or(c.token, s.env["WEBHOOK_TOKEN"])
			if c.fault != "" {
				if err := s.datadog.Inject(fakedatadog.EventsList, c.fault, 0); err != nil {
					t.Fatal(err)
				}
			}
			screen, err := invoke(t, s.env, "drill", s.url, "--timeout", "1s")
			errorContains(t, err, c.want...)
			shown := fmt.Sprint(screen, err)
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a sentence: %q", err)
			}
			for _, secret := range []string{fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey, s.env["WEBHOOK_TOKEN"]} {
				if strings.Contains(shown, secret) {
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
		"http://abc.lambda-url.eu-west-1.on.aws/": "is plain http to another machine: give https://",
		"http://127.0.0.1.example.com/":           "is plain http",
		"http://10.0.0.7/":                        "is plain http",
		"ftp://127.0.0.1/":                        "is not an http or https URL",
		"https://any:s3cret@example.com/":         "contains credentials",
		"https://example.com/?token=s3cret":       "has a query",
		"example.com":                             "is not an http or https URL",
		"https:///":                               "is not an http or https URL",
		"https://s3cret\x7f/":                     "is not an http or https URL",
		"":                                        "is not an http or https URL",
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
	screen := mustInvoke(t, s.env, "drill", s.url, "--timeout", "30s")
	contains(t, screen, "200 OK in", "posted by the playbook default", "✓ related_events", "for at most 30s", "The event in Datadog: https://app.datadoghq.com/event",
		"[Drill]", "drill:", "enrichment:complete", "info · normal", "It took ")
	if !regexp.MustCompile(`Alert [1-9][0-9]{18} → ` + regexp.QuoteMeta(s.url)).MatchString(screen) {
		t.Errorf("no id of 19 digits: %s", screen)
	}
}
