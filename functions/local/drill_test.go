package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/standin"
)

// hurried is the patience of a test.
var hurried = patience{answer: 10 * time.Second, event: 10 * time.Second, interval: 10 * time.Millisecond}

// impatient is for an event that never comes.
var impatient = patience{answer: 10 * time.Second, event: 60 * time.Millisecond, interval: 10 * time.Millisecond}

// ofDatadog is a stand-in that shows events after a while (0: at once), and what the environment of a drill says about it.
func ofDatadog(t *testing.T, visibleAfter time.Duration) (*standin.Server, string, map[string]string) {
	t.Helper()
	d := standin.New(standin.Options{Token: stage.Token, VisibleAfter: max(visibleAfter, 1)})
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	return d, server.URL, map[string]string{
		"WEBHOOK_TOKEN": stage.Token, "DD_API_KEY": standin.DefaultAPIKey, "DD_APP_KEY": standin.DefaultAppKey + "\n",
		"DATADOG_API_URL": server.URL,
	}
}

// ofFunction is the URL of the webhook's own handler, which posts to the stand-in.
func ofFunction(t *testing.T, d *standin.Server, url string) string {
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

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// drilled is the screen and the error of a drill of the stack at url.
func drilled(t *testing.T, url string, environment map[string]string, wait patience) (string, error) {
	t.Helper()
	at, err := deployed(url, func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	err = at.drill(t.Context(), report.New(&screen), wait)
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
	if err := d.Misbehave(standin.EventsList, standin.Status(http.StatusServiceUnavailable), 3); err != nil {
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

func looksAt(d *standin.Server) int {
	looks := 0
	for _, r := range d.Requests() {
		if r.Route == standin.EventsList {
			looks++
		}
	}
	return looks
}

func TestDrill_says_how_far_the_alert_came(t *testing.T) {
	for name, c := range map[string]struct {
		visibleAfter time.Duration
		route        standin.Route
		wrong        standin.Misbehaviour
		token        string
		wait         patience
		says         []string
	}{
		"the token is wrong": {
			token: "of-last-year", wait: hurried,
			says: []string{"the webhook answered 401 Unauthorized", "WEBHOOK_TOKEN", "TokenCommand"},
		},
		"it cannot be posted": {
			route: standin.EventsCreate, wrong: standin.Status(http.StatusInternalServerError), wait: hurried,
			says: []string{"the webhook answered 503 Service Unavailable", "no queue to keep it"},
		},
		"it never shows": {
			visibleAfter: time.Hour, wait: impatient,
			says: []string{"the webhook posted the event 83", "showed no event with the tag drill:", "within 60ms", "DD_SITE"},
		},
		"reading events is forbidden": {
			route: standin.EventsList, wrong: standin.Forbidden, wait: hurried,
			says: []string{"the webhook posted the event 83", "the event stream cannot be read", "403 Forbidden", "permission events_read"},
		},
		"reading events fails until the end": {
			route: standin.EventsList, wrong: standin.Status(http.StatusBadGateway), wait: impatient,
			says: []string{"the webhook posted the event 83", "the event stream cannot be read", "502 Bad Gateway"},
		},
		"reading events hangs": {
			route: standin.EventsList, wrong: standin.Hang, wait: impatient,
			says: []string{"the event stream cannot be read", "took too long to list events"},
		},
		"reading events is limited for longer": {
			route: standin.EventsList, wrong: standin.RateLimited + ":30s", wait: impatient,
			says: []string{"the event stream cannot be read", "429 Too Many Requests"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.wrong == standin.Hang {
				t.Setenv("ENRICH_BUDGET", "20ms")
			}
			d, url, environment := ofDatadog(t, c.visibleAfter)
			function := ofFunction(t, d, url)
			if c.token != "" {
				environment["WEBHOOK_TOKEN"] = c.token
			}
			if c.route != "" {
				if err := d.Misbehave(c.route, c.wrong, 0); err != nil {
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
			for _, secret := range []string{standin.DefaultAPIKey, standin.DefaultAppKey, environment["WEBHOOK_TOKEN"]} {
				if strings.Contains(err.Error()+screen, secret) {
					t.Errorf("it shows the secret %q", secret)
				}
			}
		})
	}
}

// queues is a webhook that hands the alert to later, and answers 202.
func queues(t *testing.T, later func(alert.Alert)) string {
	t.Helper()
	return served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := functionurl.NewEvent(r, time.Now())
		if err != nil {
			t.Error(err)
		}
		a, err := handler.Decode(request)
		if err != nil {
			t.Error(err)
		}
		later(a)
		answers(http.StatusAccepted, `{"status":"queued"}`)(w, r)
	}))
}

func answering(a alert.Alert) standin.Event {
	id, _ := strconv.ParseInt(a.ID, 10, 64)
	return standin.Event{Title: a.Title, Text: a.Message, Tags: append([]string{alert.OwnTag}, a.Tags...), RelatedEventID: id}
}

func TestDrill_waits_for_a_queued_alert(t *testing.T) {
	d, _, environment := ofDatadog(t, 0)
	function := queues(t, func(a alert.Alert) {
		time.AfterFunc(30*time.Millisecond, func() { d.AddEvent(answering(a)) })
	})
	screen, err := drilled(t, function, environment, hurried)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, screen, "202 Accepted", "  queued\n", "The event in Datadog", "[Drill]")
	if looksAt(d) < 2 {
		t.Error("it was there at the first look, so nothing was waited for")
	}
}

func TestDrill_tells_a_queued_alert_that_never_came_back(t *testing.T) {
	d, _, environment := ofDatadog(t, 0)
	function := queues(t, func(a alert.Alert) {
		// Neither of them is the answer to this alert: one is no event of ours, the other is to another alert.
		stranger := answering(a)
		stranger.Tags = a.Tags
		d.AddEvent(stranger)
		other := answering(alert.Alert{ID: "7", Title: a.Title, Message: a.Message, Tags: alert.Tags{"drill:7"}})
		d.AddEvent(other)
	})
	_, err := drilled(t, function, environment, impatient)
	if err == nil {
		t.Fatal("it took another event for its own")
	}
	contains(t, err.Error(), "the webhook queued the alert, but http://127.0.0.1:", "showed no event with the tag drill:", "dead-letter queue")
}

func TestDrill_is_not_content_with_two_events(t *testing.T) {
	d, _, environment := ofDatadog(t, 0)
	function := queues(t, func(a alert.Alert) {
		d.AddEvent(answering(a))
		d.AddEvent(answering(a))
	})
	screen, err := drilled(t, function, environment, hurried)
	if err == nil {
		t.Fatalf("it succeeded:\n%s", screen)
	}
	contains(t, err.Error(), "2 events instead of one", "LEDGER_TABLE")
}

// streamFunc is an event stream that answers whatever a test wants.
type streamFunc func(datadog.EventQuery) ([]datadog.Event, error)

func (f streamFunc) Events(_ context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	return f(q)
}

func TestDrill_goes_by_the_related_event_where_Datadog_names_it(t *testing.T) {
	sent := time.Now()
	var query datadog.EventQuery
	at := target{stream: streamFunc(func(q datadog.EventQuery) ([]datadog.Event, error) {
		query = q
		return []datadog.Event{
			{ID: "1", Tags: []string{"boomerang"}, RelatedEventID: 8},
			{ID: "2", Tags: []string{"boomerang"}, RelatedEventID: 7},
			{ID: "3", Tags: []string{"boomerang"}},
			{ID: "4", RelatedEventID: 7},
		}, nil
	})}
	found, err := at.look(t.Context(), 7, sent)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range found {
		ids = append(ids, e.ID)
	}
	if diff := cmp.Diff([]string{"2", "3"}, ids); diff != "" {
		t.Errorf("taken for the answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"drill:7"}, query.Tags); diff != "" || query.Start.After(sent) || query.End.Before(sent) {
		t.Errorf("it asked for %+v", query)
	}
}

func TestDrill_says_what_a_strange_answer_means(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		says   string
	}{
		"ignored":         {200, `{"status":"ignored","reason":"it is an event of ours"}`, "no event will come of it (ignored): it is an event of ours"},
		"another outcome": {200, `{"status":"eaten"}`, "no event will come of it (eaten): it does not say why"},
		"somebody else":   {200, "<html>Welcome</html>", "what answered 200 OK is not Boomerang"},
		"other JSON":      {201, `{"ok":true}`, "what answered 201 Created is not Boomerang"},
		"no such page":    {404, `{"message":"Not Found"}`, "404 Not Found: make sure that the address is the Function URL"},
		"a closed URL":    {403, `{"Message":"Forbidden"}`, "lambda:InvokeFunctionUrl"},
		"throttled":       {429, `{"Message":"TooManyRequests"}`, "no concurrency left"},
		"a crash":         {502, `{"Message":"Internal Server Error"}`, "502 Bad Gateway: the function crashed"},
		"a problem":       {422, `{"title":"Unprocessable Entity","status":422,"detail":"the payload names no alert"}`, "422 Unprocessable Entity: the payload names no alert"},
		"an odd status":   {599, "", "the webhook answered 599: "},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, environment := ofDatadog(t, 0)
			screen, err := drilled(t, served(t, answers(c.status, c.body)), environment, hurried)
			if err == nil {
				t.Fatalf("it succeeded:\n%s", screen)
			}
			contains(t, err.Error(), c.says)
			if looksAt(d) > 0 {
				t.Error("it looked for an event all the same")
			}
		})
	}
}

func TestDrill_keeps_the_token_from_where_a_redirect_leads(t *testing.T) {
	_, _, environment := ofDatadog(t, 0)
	elsewhere := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it followed") }))
	_, err := drilled(t, served(t, http.RedirectHandler(elsewhere, http.StatusTemporaryRedirect)), environment, hurried)
	if err == nil || !strings.Contains(err.Error(), "307 Temporary Redirect") {
		t.Errorf("got %v", err)
	}
}

func TestDrill_says_that_nothing_answered(t *testing.T) {
	hangs := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // Only then does the server notice that the caller left.
		<-r.Context().Done()
	}
	for name, c := range map[string]struct {
		answers http.HandlerFunc
		answer  time.Duration
		says    string
	}{
		"in time": {hangs, 20 * time.Millisecond, "the webhook did not answer within 20ms, and Datadog does not wait longer either"},
		"whole": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		}, time.Minute, "did not answer: unexpected EOF"},
		"in earnest": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, time.Minute, "did not answer: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, environment := ofDatadog(t, 0)
			_, err := drilled(t, served(t, c.answers), environment, patience{answer: c.answer})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDrill_ends_when_it_is_interrupted(t *testing.T) {
	d, _, environment := ofDatadog(t, 0)
	ctx, interrupt := context.WithCancel(t.Context())
	function := queues(t, func(alert.Alert) { time.AfterFunc(20*time.Millisecond, interrupt) })
	at, err := deployed(function, func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	err = at.drill(ctx, report.New(io.Discard), patience{answer: time.Minute, event: time.Minute, interval: time.Minute})
	if err == nil || err.Error() != "the webhook queued the alert, and the drill was interrupted before an event was seen" {
		t.Errorf("got %v after %d looks", err, looksAt(d))
	}
}

func TestSynthetic_is_an_alert_that_alarms_nobody(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	payload, err := synthetic(1234567890123456789, now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := alert.Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	want := alert.Alert{
		ID: "1234567890123456789", CycleKey: "drill-1234567890123456789", Scope: "drill:1234567890123456789",
		Transition: alert.Triggered, Type: "info", Date: now.UTC(), Title: a.Title, Message: a.Message,
		Tags: alert.Tags{"drill:1234567890123456789", "service:boomerang"},
	}
	if diff := cmp.Diff(want, a); diff != "" || !strings.HasPrefix(a.Title, "[Drill] ") || !strings.Contains(a.Message, "nothing is wrong") {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
