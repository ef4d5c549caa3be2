package queue

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

type sender interface {
	Send(ctx context.Context, m Message, delay time.Duration) error
}

// opened is an empty queue. Receive returns the bodies that can be received now,
// and takes them out of the queue.
type opened struct {
	sender
	receive func() []string
}

// conform is the suite that every queue passes. It asks for each message at
// least once: SQS may deliver one twice, and the SDK sends again when an answer gets lost.
func conform(t *testing.T, open func(t *testing.T) opened) {
	t.Helper()
	for name, test := range conformanceCases {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func (q opened) delivers(t *testing.T, m Message) Message {
	t.Helper()
	if err := q.Send(t.Context(), m, 0); err != nil {
		t.Fatalf("Send: %v", err)
	}
	return q.received(t)[0]
}

// received returns what is in the queue, once there is something. A message whose
// first answer gets lost on its way here is hidden for a second.
func (q opened) received(t *testing.T) []Message {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var all []Message
		for _, body := range q.receive() {
			all = append(all, mustDecode(t, body))
		}
		if len(all) > 0 {
			return all
		}
	}
	t.Fatal("received no message")
	return nil
}

var conformanceCases = map[string]func(*testing.T, opened){
	"a message arrives as it was sent": func(t *testing.T, q opened) {
		same(t, "message", whole(), q.delivers(t, whole()))
	},
	"an alert in any alphabet arrives": func(t *testing.T, q opened) {
		m := whole()
		m.Alert.OrgID = "\x00\uFFFF org ключ 鍵"
		m.Alert.Message = "a\x00\x1b\uFFFE\uFFFF\U0010FFFF \u2028 鍵 é"
		same(t, "message", m, q.delivers(t, m))
	},
	"a large alert arrives whole": func(t *testing.T, q opened) {
		m := whole()
		m.Alert.Extra = alert.Extra{"list": noise(1, 20_000) + string(make([]byte, 400_000))}
		same(t, "message", m, q.delivers(t, m))
	},
	"an alert beyond the limit arrives without its details": func(t *testing.T, q opened) {
		m := whole()
		m.Alert.Extra = alert.Extra{"list": noise(1, 300_000)}
		got := q.delivers(t, m)
		same(t, "message text", m.Alert.Message, got.Alert.Message)
		same(t, "key", m.Alert.Key(), got.Alert.Key())
		same(t, "extra", 0, len(got.Alert.Extra))
	},
	"a delayed message does not arrive now": func(t *testing.T, q opened) {
		for _, delay := range []time.Duration{time.Minute, 24 * time.Hour} {
			if err := q.Send(t.Context(), whole(), delay); err != nil {
				t.Fatalf("Send: %v", err)
			}
		}
		if got := q.receive(); len(got) != 0 {
			t.Fatalf("received %d messages, want none", len(got))
		}
	},
	"a delay that is over is none": func(t *testing.T, q opened) {
		if err := q.Send(t.Context(), whole(), -time.Minute); err != nil {
			t.Fatalf("Send: %v", err)
		}
		q.received(t)
	},
	"messages that are sent at once all arrive": func(t *testing.T, q opened) {
		want := map[string]bool{}
		var wg sync.WaitGroup
		for i := range 20 {
			m := whole()
			m.Alert.ID = strconv.Itoa(i)
			want[m.Alert.ID] = true
			wg.Go(func() {
				if err := q.Send(t.Context(), m, 0); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got := map[string]bool{}
		for len(got) < len(want) {
			for _, m := range q.received(t) {
				got[m.Alert.ID] = true
			}
		}
		same(t, "messages", want, got)
	},
	"a sender whose time is up is told so": func(t *testing.T, q opened) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := q.Send(ctx, whole(), 0)
		if !fault.IsTemporary(err) || fault.Public(err) != "the redelivery queue did not accept the alert: it did not answer in time" {
			t.Errorf("got %v", err)
		}
		same(t, "messages", 0, len(q.receive()))
	},
	"a message without a JSON form is refused": func(t *testing.T, q opened) {
		m := whole()
		m.ReceivedAt = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := q.Send(t.Context(), m, 0); err == nil || fault.From(err).Kind != fault.Internal {
			t.Errorf("got %v", err)
		}
	},
}
