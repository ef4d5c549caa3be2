package drill

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

// hurried is the patience of a test.
var hurried = Patience{Answer: 10 * time.Second, Event: 10 * time.Second, Interval: 10 * time.Millisecond}

// impatient is for an event that never comes, and long enough for a look or two.
var impatient = Patience{Answer: 10 * time.Second, Event: time.Second, Interval: 10 * time.Millisecond}

const token = "s3cret-token"

// keys are the stand-in's.
type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

// world is a webhook that a test plays, and Datadog's stand-in.
func world(t *testing.T, webhook http.Handler) (Target, *fakedatadog.Server) {
	t.Helper()
	d := fakedatadog.New(fakedatadog.Options{VisibleAfter: -1})
	client, err := datadog.New(datadog.Config{Site: "datadoghq.com", BaseURL: served(t, d)}, keys{})
	if err != nil {
		t.Fatal(err)
	}
	return Target{
		URL: served(t, webhook) + "/", Token: token, Stream: client,
		StreamName: "the stand-in", TokenSource: "the token of this test", Organisation: "the keys of this test",
	}, d
}

func served(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// takes is a webhook that hands the alert to later, and answers.
func takes(t *testing.T, answer string, later func(alert.Alert)) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Webhook-Token") != token || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("it sent the headers %v", r.Header)
		}
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a, err := alert.Decode(payload)
		if err != nil {
			t.Error(err)
		}
		later(a)
		answers(http.StatusOK, answer)(w, r)
	}
}

func answering(a alert.Alert) fakedatadog.Event {
	id, _ := strconv.ParseInt(a.ID, 10, 64)
	return fakedatadog.Event{Title: a.Title, Text: a.Message, Tags: append([]string{alert.SourceTag}, a.Tags...), RelatedEventID: id}
}

// run drills the whole way.
func run(ctx context.Context, target Target, wait Patience) ([]datadog.Event, error) {
	d := New(target, wait)
	if _, err := d.Send(ctx); err != nil {
		return nil, err
	}
	return d.Await(ctx)
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

func says(t *testing.T, err error, all ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it succeeded")
	}
	for _, want := range all {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), token) {
		t.Errorf("more than a sentence, or a secret: %q", err)
	}
}

const (
	posted = `{"status":"posted","event":{"id":"83"}}`
	queued = `{"status":"queued"}`
)

func TestDrill_waits_for_a_queued_alert(t *testing.T) {
	var sent alert.Alert
	target, d := world(t, takes(t, queued, func(a alert.Alert) { sent = a }))
	target.Stream = lookedAt(target.Stream, func(look int) {
		if look == 1 {
			d.AddEvent(answering(sent))
		}
	})
	found, err := run(t.Context(), target, hurried)
	if err != nil || len(found) != 1 || !strings.HasPrefix(found[0].Title, "[Drill]") {
		t.Fatalf("got %v, %v", found, err)
	}
	if looks := looksAt(d); looks != 2 {
		t.Errorf("it looked %d times", looks)
	}
}

func TestDrill_tells_a_queued_alert_that_never_came_back(t *testing.T) {
	t.Parallel()
	var d *fakedatadog.Server
	target, d := world(t, takes(t, queued, func(a alert.Alert) {
		// Neither of them is the answer to this alert: one is no event of ours, the other is to another alert.
		stranger := answering(a)
		stranger.Tags = a.Tags
		d.AddEvent(stranger)
		d.AddEvent(answering(alert.Alert{ID: "7", Title: a.Title, Message: a.Message, Tags: alert.Tags{"drill:7"}}))
	}))
	_, err := run(t.Context(), target, impatient)
	says(t, err, "the webhook queued the alert, but the stand-in showed no event with the tag drill:", "dead-letter queue")
}

func TestDrill_is_not_content_with_two_events(t *testing.T) {
	var d *fakedatadog.Server
	target, d := world(t, takes(t, posted, func(a alert.Alert) {
		d.AddEvent(answering(a))
		d.AddEvent(answering(a))
	}))
	found, err := run(t.Context(), target, hurried)
	if len(found) != 2 {
		t.Errorf("it shows %d events", len(found))
	}
	says(t, err, "2 events instead of one", "LEDGER_TABLE")
}

func TestDrill_says_why_the_event_stream_cannot_be_read(t *testing.T) {
	for wrong, c := range map[fakedatadog.Fault]struct {
		wait Patience
		says []string
	}{
		// These end the drill at once.
		fakedatadog.Forbidden:                     {hurried, []string{"403 Forbidden", "permission events_read"}},
		fakedatadog.Status(http.StatusBadRequest): {hurried, []string{"400 Bad Request"}},
		// And these when its time is over.
		fakedatadog.Status(http.StatusBadGateway): {impatient, []string{"502 Bad Gateway"}},
		fakedatadog.Hang:                 {impatient, []string{"took too long to list events"}},
		fakedatadog.RateLimited + ":30s": {impatient, []string{"429 Too Many Requests"}},
	} {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()
			target, d := world(t, answers(http.StatusOK, posted))
			if err := d.Inject(fakedatadog.EventsList, wrong, 0); err != nil {
				t.Fatal(err)
			}
			_, err := run(t.Context(), target, c.wait)
			if looks := looksAt(d); c.wait == hurried && looks != 1 {
				t.Errorf("it looked %d times at what it may not see", looks)
			}
			says(t, err, append(c.says, "the webhook posted the event 83", "the event stream cannot be read")...)
		})
	}
}

func TestDrill_doubts_the_organisation_where_no_event_shows(t *testing.T) {
	t.Parallel()
	target, _ := world(t, answers(http.StatusOK, posted))
	_, err := run(t.Context(), target, impatient)
	says(t, err, "the webhook posted the event 83", "within 1s", "make sure that the keys of this test are of the organisation")
}

// streamFunc is an event stream that answers whatever a test wants.
type streamFunc func(context.Context, datadog.EventQuery) ([]datadog.Event, error)

func (f streamFunc) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	return f(ctx, q)
}

// lookedAt is a stream after each look at which something happens.
func lookedAt(s Stream, then func(look int)) Stream {
	looks := 0
	return streamFunc(func(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
		defer func() { looks++; then(looks) }()
		return s.Events(ctx, q)
	})
}

func TestDrill_goes_by_the_related_event_where_Datadog_names_it(t *testing.T) {
	var query datadog.EventQuery
	d := New(Target{Stream: streamFunc(func(_ context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
		query = q
		return []datadog.Event{
			{ID: "1", Tags: []string{"boomerang"}, RelatedEventID: 8},
			{ID: "2", Tags: []string{"boomerang"}, RelatedEventID: 7},
			{ID: "3", Tags: []string{"boomerang"}},
			{ID: "4", RelatedEventID: 7},
		}, nil
	})}, hurried)
	d.ID, d.sent = 7, time.Now()
	found, err := d.look(t.Context())
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
	if diff := cmp.Diff([]string{"drill:7"}, query.Tags); diff != "" || query.Start.After(d.sent) || query.End.Before(d.sent) {
		t.Errorf("it asked for %+v", query)
	}
}

func TestDrill_keeps_what_a_whole_look_said(t *testing.T) {
	t.Parallel()
	looks := 0
	target, _ := world(t, answers(http.StatusOK, posted))
	target.Stream = streamFunc(func(ctx context.Context, _ datadog.EventQuery) ([]datadog.Event, error) {
		if looks++; looks == 1 {
			return nil, nil
		}
		<-ctx.Done() // The drill's own time ends during this look.
		return nil, fault.New(fault.Temporary, "the look was cut off", context.DeadlineExceeded)
	})
	_, err := run(t.Context(), target, impatient)
	says(t, err, "the stand-in showed no event")
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
		"a wrong token":   {401, "", "401 Unauthorized: it does not accept the token of this test"},
		"no such page":    {404, `{"message":"Not Found"}`, "404 Not Found: make sure that the address is the Function URL"},
		"a closed URL":    {403, `{"Message":"Forbidden"}`, "lambda:InvokeFunctionUrl"},
		"throttled":       {429, `{"Message":"TooManyRequests"}`, "no concurrency left"},
		"a crash":         {502, `{"Message":"Internal Server Error"}`, "502 Bad Gateway: the function crashed"},
		"a problem":       {422, `{"title":"Unprocessable Entity","status":422,"detail":"the payload names no alert"}`, "422 Unprocessable Entity: the payload names no alert"},
		"an odd status":   {599, "", "the webhook answered 599: "},
	} {
		t.Run(name, func(t *testing.T) {
			target, _ := world(t, answers(c.status, c.body))
			answer, err := New(target, hurried).Send(t.Context())
			says(t, err, c.says)
			if answer.Status != c.status || answer.Body != c.body {
				t.Errorf("the answer is lost: %+v", answer)
			}
		})
	}
}

func TestDrill_keeps_the_token_from_where_a_redirect_leads(t *testing.T) {
	elsewhere := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it followed") }))
	target, _ := world(t, http.RedirectHandler(elsewhere, http.StatusTemporaryRedirect))
	_, err := run(t.Context(), target, hurried)
	says(t, err, "307 Temporary Redirect")
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
			target, _ := world(t, c.answers)
			answer, err := New(target, Patience{Answer: c.answer}).Send(t.Context())
			says(t, err, c.says)
			if answer.Status != 0 {
				t.Errorf("there is an answer: %+v", answer)
			}
		})
	}
	if _, err := New(Target{URL: "://"}, hurried).Send(t.Context()); err == nil {
		t.Error("it sent the alert nowhere")
	}
}

func TestDrill_ends_when_it_is_interrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	target, _ := world(t, answers(http.StatusOK, queued))
	target.Stream = lookedAt(target.Stream, func(int) { interrupt() })
	_, err := run(ctx, target, Patience{Answer: time.Minute, Event: time.Minute, Interval: time.Minute})
	if err == nil || err.Error() != "the webhook queued the alert, and the drill was interrupted before an event was seen" {
		t.Errorf("got %v", err)
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Error("it was not interrupted")
	}
}

func TestDrill_sends_an_alert_that_alarms_nobody(t *testing.T) {
	d := New(Target{}, hurried)
	d.ID, d.sent = 1234567890123456789, time.Now().Truncate(time.Millisecond)
	payload, err := d.payload()
	if err != nil {
		t.Fatal(err)
	}
	a, err := alert.Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	want := alert.Alert{
		ID: "1234567890123456789", CycleKey: "drill-1234567890123456789", Scope: "drill:1234567890123456789",
		Transition: alert.Triggered, Type: "info", Date: d.sent.UTC(), Title: a.Title, Message: a.Message,
		Tags: alert.Tags{"drill:1234567890123456789", "service:boomerang"},
	}
	if diff := cmp.Diff(want, a); diff != "" || !strings.HasPrefix(a.Title, "[Drill] ") || !strings.Contains(a.Message, "nothing is wrong") {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
