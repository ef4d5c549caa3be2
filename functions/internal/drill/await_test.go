package drill

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// streamFunc is an event stream that answers the nth poll, from 1.
type streamFunc func(ctx context.Context, poll int, q datadog.EventQuery) ([]datadog.Event, error)

type stream struct {
	answer streamFunc
	polls  int
	last   datadog.EventQuery
}

func (s *stream) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	s.polls++
	s.last = q
	return s.answer(ctx, s.polls, q)
}

// from answers nothing before the nth poll.
func from(poll int, events ...datadog.Event) streamFunc {
	return func(_ context.Context, n int, _ datadog.EventQuery) ([]datadog.Event, error) {
		if n < poll {
			return nil, nil
		}
		return events, nil
	}
}

func failing(err error) streamFunc {
	return func(context.Context, int, datadog.EventQuery) ([]datadog.Event, error) { return nil, err }
}

// hangFrom does not answer the nth poll and those after it.
func hangFrom(poll int) streamFunc {
	return func(ctx context.Context, n int, _ datadog.EventQuery) ([]datadog.Event, error) {
		if n < poll {
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
		stream  streamFunc
		timeout time.Duration
		polls   int
		want    []string // ids of the events
		wantErr []string
	}{
		"third poll":         {reply: Reply{Status: Queued}, stream: from(3, datadog.Event{ID: "1", Tags: ours}), polls: 3, want: []string{"1"}},
		"the alert's answer": {reply: posted, stream: from(1, datadog.Event{ID: "1", Tags: ours, RelatedEventID: 7}), polls: 1, want: []string{"1"}},
		"other events": {
			reply:  Reply{Status: Queued},
			stream: from(1, datadog.Event{ID: "1", Tags: ours, RelatedEventID: 8}, datadog.Event{ID: "2", Tags: []string{"drill:7"}, RelatedEventID: 7}), polls: 120,
			wantErr: []string{"the webhook queued the alert, but the fake showed no event with the tag drill:7 within 1m59.5s", "dead-letter queue"},
		},
		"no event": {
			reply: posted, stream: from(1), polls: 120,
			wantErr: []string{"the webhook posted the event 83, but the fake showed no event", "make sure that the keys of this test are of the organisation"},
		},
		"two events": {
			reply: posted, stream: from(1, datadog.Event{ID: "1", Tags: ours}, datadog.Event{ID: "2", Tags: ours}), polls: 1, want: []string{"1", "2"},
			wantErr: []string{"2 events instead of one", "LEDGER_TABLE"},
		},
		"permanent error": {
			reply: posted, stream: failing(fault.New(fault.Permanent, "403 Forbidden", errors.New("secret"))), polls: 1,
			wantErr: []string{"the webhook posted the event 83, but the event stream cannot be read: 403 Forbidden"},
		},
		"temporary error": {
			reply: posted, stream: failing(fault.New(fault.Temporary, "502 Bad Gateway", nil)), polls: 120,
			wantErr: []string{"the webhook posted the event 83, but the event stream cannot be read: 502 Bad Gateway"},
		},
		"rate limit": {reply: posted, stream: failing(limited), polls: 4, wantErr: []string{"the event stream cannot be read: 429 Too Many Requests"}},
		"every poll hangs": {
			reply: posted, stream: hangFrom(1), polls: 11, // 10 s for the answer, and a second between them
			wantErr: []string{"the event stream cannot be read: Datadog took too long to list events"},
		},
		"last poll interrupted": {reply: posted, stream: hangFrom(2), timeout: 5 * time.Second, polls: 2, wantErr: []string{"showed no event"}},
		"only poll interrupted": {reply: posted, stream: hangFrom(1), timeout: 5 * time.Second, polls: 1, wantErr: []string{"took too long to list events"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				timeouts := DefaultTimeouts
				timeouts.Event = cmp.Or(tt.timeout, timeouts.Event-500*time.Millisecond) // Between two polls.
				s := &stream{answer: tt.stream}
				d := New(Target{Stream: s, StreamName: "the fake", Organisation: "the keys of this test"}, timeouts)
				d.ID, d.sent, d.reply = 7, time.Now(), tt.reply
				found, err := d.Await(t.Context())
				var got []string
				for _, e := range found {
					got = append(got, e.ID)
				}
				if diff := gocmp.Diff(tt.want, got); diff != "" || s.polls != tt.polls {
					t.Errorf("%d polls, want %d; events (-want +got):\n%s", s.polls, tt.polls, diff)
				}
				if tt.wantErr == nil && err != nil {
					t.Error(err)
				}
				if tt.wantErr != nil {
					checkError(t, err, tt.wantErr...)
				}
				if s.last.Tags[0] != "drill:7" || s.last.Start.After(d.sent) || s.last.End.Before(d.sent) {
					t.Errorf("query %+v", s.last)
				}
			})
		})
	}
}

func TestAwait_Canceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := New(Target{Stream: &stream{answer: func(context.Context, int, datadog.EventQuery) ([]datadog.Event, error) {
		cancel()
		return nil, nil
	}}}, Timeouts{Event: time.Minute, Interval: time.Minute})
	d.reply.Status = Queued
	_, err := d.Await(ctx)
	if err == nil || err.Error() != "the webhook queued the alert, and the drill was interrupted before an event was seen" {
		t.Errorf("got %v", err)
	}
}
