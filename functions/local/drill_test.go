package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
	"boomerang/shared/fakedatadog"
)

// hurried is the patience of a test.
var hurried = drill.Timeouts{Answer: 10 * time.Second, Event: 10 * time.Second, Interval: 10 * time.Millisecond}

// impatient is for an event that never comes, and long enough for a look or two.
var impatient = drill.Timeouts{Answer: 10 * time.Second, Event: time.Second, Interval: 10 * time.Millisecond}

// ofDatadog is a stand-in that shows events after a while (0: at once), and what the environment of a drill says about it.
func ofDatadog(t *testing.T, visibleAfter time.Duration) (*fakedatadog.Server, string, map[string]string) {
	t.Helper()
	d := fakedatadog.New(fakedatadog.Options{Token: stage.Token, VisibleAfter: max(visibleAfter, 1)})
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	return d, server.URL, map[string]string{
		"WEBHOOK_TOKEN": stage.Token, "DD_API_KEY": fakedatadog.DefaultAPIKey, "DD_APP_KEY": fakedatadog.DefaultAppKey + "\n",
		"DATADOG_API_URL": server.URL,
	}
}

// ofFunction is the URL of the webhook's own handler, which posts to the stand-in.
func ofFunction(t *testing.T, d *fakedatadog.Server, url string) string {
	t.Helper()
	h, err := newHandler(t.Context(), &stage.Stage{Server: d, URL: url}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return served(t, &functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: functionTimeout})
}

func served(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// drilled is the screen and the error of a drill of the stack at url.
func drilled(t *testing.T, url string, environment map[string]string, wait drill.Timeouts) (string, error) {
	t.Helper()
	at, err := deployed(url, func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	err = showDrill(t.Context(), report.New(&screen), at, wait)
	return screen.String(), err
}

func contains(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func TestDrill_shows_the_event_that_came_back(t *testing.T) {
	d, url, environment := ofDatadog(t, 0)
	screen, err := drilled(t, ofFunction(t, d, url), environment, hurried)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, screen, "200 OK in", "posted by the playbook default", "related_events       ok", "The event in Datadog: https://app.datadoghq.com/event",
		"[Drill]", "drill:", "enrichment:complete", "alert_type       info", "It took ")
}

func TestDrill_waits_for_an_event_that_comes_back_late(t *testing.T) {
	d, url, environment := ofDatadog(t, 40*time.Millisecond)
	function := ofFunction(t, d, url)
	// The first of them meets the step that reads events, the others the drill.
	if err := d.Inject(fakedatadog.EventsList, fakedatadog.Status(http.StatusServiceUnavailable), 3); err != nil {
		t.Fatal(err)
	}
	screen, err := drilled(t, function, environment, hurried)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, screen, "related_events       failed", "The event in Datadog")
	if looks := looksAt(d); looks < 4 {
		t.Errorf("it looked %d times at the event stream, one of them for the function", looks)
	}
}

func looksAt(d *fakedatadog.Server) int {
	looks := 0
	for _, r := range d.Requests() {
		if r.Route == fakedatadog.EventsList {
			looks++
		}
	}
	return looks
}

func TestDrill_says_how_far_the_alert_came(t *testing.T) {
	for name, c := range map[string]struct {
		visibleAfter time.Duration
		route        fakedatadog.Route
		wrong        fakedatadog.Fault
		token        string
		wait         drill.Timeouts
		says         []string
	}{
		"the token is wrong": {
			token: "of-last-year", wait: hurried,
			says: []string{"the webhook answered 401 Unauthorized", "WEBHOOK_TOKEN", "TokenCommand"},
		},
		"it cannot be posted": {
			route: fakedatadog.EventsCreate, wrong: fakedatadog.Status(http.StatusInternalServerError), wait: hurried,
			says: []string{"the webhook answered 503 Service Unavailable", "no queue to keep it"},
		},
		"it never shows": {
			visibleAfter: time.Hour, wait: impatient,
			says: []string{"the webhook posted the event 83", "showed no event with the tag drill:", "within 1s", "DD_SITE"},
		},
		"reading events is forbidden": {
			route: fakedatadog.EventsList, wrong: fakedatadog.Forbidden, wait: hurried,
			says: []string{"the webhook posted the event 83", "the event stream cannot be read", "403 Forbidden", "permission events_read"},
		},
		"reading events fails until the end": {
			route: fakedatadog.EventsList, wrong: fakedatadog.Status(http.StatusBadGateway), wait: impatient,
			says: []string{"the webhook posted the event 83", "the event stream cannot be read", "502 Bad Gateway"},
		},
		"reading events hangs": {
			route: fakedatadog.EventsList, wrong: fakedatadog.Hang, wait: impatient,
			says: []string{"the event stream cannot be read", "took too long to list events"},
		},
		"reading events is limited for longer": {
			route: fakedatadog.EventsList, wrong: fakedatadog.RateLimited + ":30s", wait: impatient,
			says: []string{"the event stream cannot be read", "429 Too Many Requests"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.wrong == fakedatadog.Hang {
				t.Setenv("ENRICH_BUDGET", "20ms")
			} else {
				t.Parallel()
			}
			d, url, environment := ofDatadog(t, c.visibleAfter)
			function := ofFunction(t, d, url)
			if c.token != "" {
				environment["WEBHOOK_TOKEN"] = c.token
			}
			if c.route != "" {
				if err := d.Inject(c.route, c.wrong, 0); err != nil {
					t.Fatal(err)
				}
			}
			screen, err := drilled(t, function, environment, c.wait)
			if err == nil {
				t.Fatalf("it succeeded:\n%s", screen)
			}
			contains(t, err.Error(), c.says...)
			if strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("more than a sentence: %q", err)
			}
			for _, secret := range []string{fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey, environment["WEBHOOK_TOKEN"]} {
				if strings.Contains(err.Error()+screen, secret) {
					t.Errorf("it shows the secret %q", secret)
				}
			}
		})
	}
}
