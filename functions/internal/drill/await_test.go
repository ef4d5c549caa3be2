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
			wantErr: []string{"the webhook posted the event 83, but the fake showed no event", "make sure that the keys of this test are of the organisation"},
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
