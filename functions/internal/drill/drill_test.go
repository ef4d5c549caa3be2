package drill

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

const token = "s3cret-token"

// newDrill returns a drill whose webhook is a test's.
func newDrill(t *testing.T, webhook http.Handler, timeout time.Duration) *Drill {
	t.Helper()
	server := httptest.NewServer(webhook)
	t.Cleanup(server.Close)
	return New(Target{URL: server.URL + "/", Token: token, TokenSource: "the token of this test"}, Timeouts{Answer: timeout})
}

func checkError(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not contain %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), token) {
		t.Errorf("%q is more than a sentence, or holds a secret", err)
	}
}

func TestSend(t *testing.T) {
	var got alert.Alert
	d := newDrill(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Webhook-Token") != token || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		payload, _ := io.ReadAll(r.Body)
		got, _ = alert.Decode(payload)
		_, _ = io.WriteString(w, `{"status":"posted","event":{"id":"83"}}`)
	}), time.Minute)
	d.ID = 1234567890123456789
	answer, err := d.Send(t.Context())
	if err != nil || answer.Reply.Status != Posted || answer.Reply.Event.ID != "83" || answer.Took <= 0 {
		t.Errorf("got %+v, %v", answer, err)
	}
	want := alert.Alert{
		ID: "1234567890123456789", CycleKey: "drill-1234567890123456789", Scope: "drill:1234567890123456789",
		Transition: alert.Triggered, Type: "info", Date: d.sent.UTC().Truncate(time.Millisecond), Title: got.Title, Message: got.Message,
		Tags: alert.Tags{"drill:1234567890123456789", "service:boomerang"},
		// No link of Datadog names a synthetic alert.
		Guessed: []alert.Guess{{Field: "identity", Source: "id"}}, Digest: got.Digest,
	}
	if diff := gocmp.Diff(want, got); diff != "" || !strings.HasPrefix(got.Title, "[Drill] ") || !strings.Contains(got.Message, "nothing is wrong") {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSend_Rejections(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		body    string
		wantErr string
	}{
		"ignored":          {200, `{"status":"ignored","reason":"it is an event of ours"}`, "posts no event (ignored): it is an event of ours"},
		"unknown status":   {200, `{"status":"eaten"}`, "posts no event (eaten): it gives no reason"},
		"HTML":             {200, "<html>Welcome</html>", "what answered 200 OK is not Boomerang"},
		"other JSON":       {201, `{"ok":true}`, "what answered 201 Created is not Boomerang"},
		"wrong token":      {401, "", "401 Unauthorized: it does not accept the token of this test"},
		"not found":        {404, `{"message":"Not Found"}`, "404 Not Found: make sure that the URL is the Function URL"},
		"URL not public":   {403, `{"Message":"Forbidden"}`, "lambda:InvokeFunctionUrl"},
		"throttled":        {429, `{"Message":"TooManyRequests"}`, "no concurrency left"},
		"crash":            {502, `{"Message":"Internal Server Error"}`, "502 Bad Gateway: the function crashed"},
		"problem document": {422, `{"title":"Unprocessable Entity","status":422,"detail":"the payload names no alert"}`, "422 Unprocessable Entity: the payload names no alert"},
		"unknown code":     {599, "", "the webhook answered 599: "},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrill(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}), time.Minute)
			answer, err := d.Send(t.Context())
			checkError(t, err, tt.wantErr)
			if answer.Status != tt.status || answer.Body != tt.body {
				t.Errorf("got %+v", answer)
			}
		})
	}
}

func TestSend_Redirect(t *testing.T) {
	other := newDrill(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it followed the redirect") }), 0).target.URL
	_, err := newDrill(t, http.RedirectHandler(other, http.StatusTemporaryRedirect), time.Minute).Send(t.Context())
	checkError(t, err, "307 Temporary Redirect")
}

func TestSend_NoAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		webhook http.HandlerFunc
		timeout time.Duration
		wantErr string
	}{
		"timeout": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // The server notices a closed connection only after the body.
			<-r.Context().Done()
		}, 20 * time.Millisecond, "the webhook did not answer within 20ms, and Datadog does not wait longer either: make sure that the URL is the Function URL of the stack; if it is, the log of its function says why"},
		"partial body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		}, time.Minute, "did not answer: unexpected EOF; make sure that the URL is the Function URL of the stack, and that this machine reaches it"},
		"closed connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, time.Minute, "did not answer: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := newDrill(t, tt.webhook, tt.timeout).Send(t.Context())
			checkError(t, err, tt.wantErr)
			if answer.Status != 0 {
				t.Errorf("got %+v", answer)
			}
		})
	}
	if _, err := New(Target{URL: "://"}, DefaultTimeouts).Send(t.Context()); err == nil {
		t.Error("an invalid URL is no error")
	}
}

// poll answers the nth poll of the event stream, from 1.
type poll func(ctx context.Context, n int) ([]datadog.Event, error)

type stream struct {
	poll  poll
	polls int
	query datadog.EventQuery // of the last poll
}

func (s *stream) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	s.polls++
	s.query = q
	return s.poll(ctx, s.polls)
}

func shows(events ...datadog.Event) poll {
	return func(context.Context, int) ([]datadog.Event, error) { return events, nil }
}

func fails(err error) poll {
	return func(context.Context, int) ([]datadog.Event, error) { return nil, err }
}

// hangs shows no event before the nth poll, and then does not answer.
func hangs(from int) poll {
	return func(ctx context.Context, n int) ([]datadog.Event, error) {
		if n < from {
			return nil, nil
		}
		<-ctx.Done()
		return nil, fault.New(fault.Temporary, "Datadog took too long to list events", ctx.Err())
	}
}

func TestAwait(t *testing.T) {
	ours := []string{"boomerang", "drill:7"}
	limited := fault.New(fault.Temporary, "429 Too Many Requests", nil)
	limited.RetryAfter = 30 * time.Second
	posted := Reply{Status: Posted}
	posted.Event.ID = "83"
	for name, tt := range map[string]struct {
		reply   Reply
		poll    poll
		timeout time.Duration
		polls   int
		want    []string // ids of the events
		wantErr []string
	}{
		"third poll": {reply: Reply{Status: Queued}, poll: func(_ context.Context, n int) ([]datadog.Event, error) {
			return []datadog.Event{{ID: "1", Tags: ours}}[:n/3], nil
		}, polls: 3, want: []string{"1"}},
		"the alert's answer": {reply: posted, poll: shows(datadog.Event{ID: "1", Tags: ours, RelatedEventID: 7}), polls: 1, want: []string{"1"}},
		"other events": {
			reply: Reply{Status: Queued},
			poll:  shows(datadog.Event{ID: "1", Tags: ours, RelatedEventID: 8}, datadog.Event{ID: "2", Tags: []string{"drill:7"}, RelatedEventID: 7}), polls: 120,
			wantErr: []string{"the webhook queued the alert, but the fake showed no event with the tag drill:7 within 1m59.5s", "dead-letter queue"},
		},
		"no event": {
			reply: posted, poll: shows(), polls: 120,
			wantErr: []string{"the webhook posted the event 83, but the fake showed no event", "make sure that the keys of this test are of the organization"},
		},
		"two events": {
			reply: posted, poll: shows(datadog.Event{ID: "1", Tags: ours}, datadog.Event{ID: "2", Tags: ours}), polls: 1, want: []string{"1", "2"},
			wantErr: []string{"2 events instead of one", "LEDGER_TABLE"},
		},
		"permanent error": {
			reply: posted, poll: fails(fault.New(fault.Permanent, "403 Forbidden", errors.New("secret"))), polls: 1,
			wantErr: []string{"the webhook posted the event 83, but the event stream cannot be read: 403 Forbidden"},
		},
		"temporary error": {
			reply: posted, poll: fails(fault.New(fault.Temporary, "502 Bad Gateway", nil)), polls: 120,
			wantErr: []string{"the webhook posted the event 83, but the event stream cannot be read: 502 Bad Gateway"},
		},
		"rate limit": {reply: posted, poll: fails(limited), polls: 4, wantErr: []string{"the event stream cannot be read: 429 Too Many Requests"}},
		"every poll hangs": {
			reply: posted, poll: hangs(1), polls: 11, // 10 s for the answer, and a second between them
			wantErr: []string{"the event stream cannot be read: Datadog took too long to list events"},
		},
		"last poll interrupted": {reply: posted, poll: hangs(2), timeout: 5 * time.Second, polls: 2, wantErr: []string{"showed no event"}},
		"only poll interrupted": {reply: posted, poll: hangs(1), timeout: 5 * time.Second, polls: 1, wantErr: []string{"took too long to list events"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				timeouts := DefaultTimeouts
				timeouts.Event = cmp.Or(tt.timeout, timeouts.Event-500*time.Millisecond) // Between two polls.
				s := &stream{poll: tt.poll}
				d := New(Target{Stream: s, StreamName: "the fake", Organization: "the keys of this test"}, timeouts)
				d.ID, d.sent, d.reply = 7, time.Now(), tt.reply
				found, err := d.Await(t.Context())
				var got []string
				for _, e := range found {
					got = append(got, e.ID)
				}
				if diff := gocmp.Diff(tt.want, got); diff != "" || s.polls != tt.polls {
					t.Errorf("%d polls, want %d; events (-want +got):\n%s", s.polls, tt.polls, diff)
				}
				switch {
				case tt.wantErr != nil:
					checkError(t, err, tt.wantErr...)
				case err != nil:
					t.Error(err)
				}
				if s.query.Tags[0] != "drill:7" || s.query.Start.After(d.sent) || s.query.End.Before(d.sent) {
					t.Errorf("query %+v", s.query)
				}
			})
		})
	}
}

func TestAwait_Canceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := New(Target{Stream: &stream{poll: func(context.Context, int) ([]datadog.Event, error) {
		cancel()
		return nil, nil
	}}}, Timeouts{Event: time.Minute, Interval: time.Minute})
	d.reply.Status = Queued
	_, err := d.Await(ctx)
	if err == nil || err.Error() != "the webhook queued the alert, and the drill was interrupted before an event was seen" {
		t.Errorf("got %v", err)
	}
}
