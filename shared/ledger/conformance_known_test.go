package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

// knows asks whether a ledger knows exactly these of the keys.
func (s stage) knows(l implementation, keys []string, want ...string) {
	s.Helper()
	got, err := l.FilterKnown(s.Context(), keys...)
	if err != nil {
		s.Fatalf("FilterKnown: %v", err)
	}
	all := map[string]bool{}
	for _, key := range want {
		all[key] = true
	}
	if diff := cmp.Diff(all, got); diff != "" {
		s.Fatalf("FilterKnown (-want +got):\n%s", diff)
	}
}

func (s stage) parks(l implementation, key string) {
	s.Helper()
	if err := l.MarkQueued(s.Context(), key); err != nil {
		s.Fatalf("MarkQueued: %v", err)
	}
}

var knownCases = map[string]func(stage){
	"what is posted, in work or in the queue is known, and nothing else": func(s stage) {
		s.completes(s.a, "posted", posted)
		s.claims(s.a, "in work", granted)
		s.parks(s.a, "in the queue")
		s.claims(s.a, "released", granted)
		s.releases(s.a, "released")
		s.knows(s.b, []string{"posted", "in work", "in the queue", "released", "never seen"}, "posted", "in work", "in the queue")
	},
	"a claim whose run is over is not known": func(s stage) {
		s.claims(s.a, key, granted)
		s.Advance(runTime)
		s.knows(s.b, []string{key}, key)
		s.Advance(time.Millisecond)
		s.knows(s.b, []string{key})
	},
	"what has expired is not known": func(s stage) {
		s.completes(s.a, "posted", posted)
		s.parks(s.a, "in the queue")
		s.Advance(DefaultTTL)
		s.knows(s.b, []string{"posted", "in the queue"}, "posted", "in the queue")
		s.Advance(time.Second)
		s.knows(s.b, []string{"posted", "in the queue"})
	},
	"an alert in the queue is there to be claimed, and stays known while it is not": func(s stage) {
		s.parks(s.a, key)
		s.claims(s.b, key, granted)
		s.releases(s.b, key)
		s.knows(s.a, []string{key}, key)
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.parks(s.b, key)
		s.claims(s.b, key, done(posted))
	},
	"an alert that waits and whose claim is void is known": func(s stage) {
		s.parks(s.a, key)
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.knows(s.b, []string{key}, key)
	},
	"hundreds of keys are told apart, the long and the repeated ones too": func(s stage) {
		long := strings.Repeat("k", 5000)
		keys := []string{long + "1", long + "2", long + "1"}
		want := []string{long + "1"}
		s.parks(s.a, long+"1")
		for i := range 230 {
			key := fmt.Sprintf("org:%d", i)
			keys = append(keys, key)
			if i%50 == 0 {
				s.completes(s.a, key, posted)
				want = append(want, key)
			}
		}
		s.knows(s.b, keys, want...)
	},
	"of no keys none is known": func(s stage) {
		s.parks(s.a, key)
		s.knows(s.a, nil)
	},
	"who asks with an empty key, or too late, is refused": func(s stage) {
		_, knownErr := s.a.FilterKnown(s.Context(), key, "")
		for _, err := range []error{knownErr, s.a.MarkQueued(s.Context(), "")} {
			if err == nil || fault.From(err).Kind != fault.Internal {
				s.Errorf("got %v, want an internal fault", err)
			}
		}
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		_, knownErr = s.a.FilterKnown(ctx, key)
		for _, err := range []error{knownErr, s.a.MarkQueued(ctx, key)} {
			if !fault.IsTemporary(err) {
				s.Errorf("got %v, want a temporary fault", err)
			}
		}
		s.knows(s.b, []string{key})
	},
}

func (s stage) readUntil(l implementation, name string, want time.Time) {
	s.Helper()
	got, err := l.Watermark(s.Context(), name)
	if err != nil || !got.Equal(want) {
		s.Fatalf("Watermark(%s) = %v, %v, want %v", name, got, err, want)
	}
}

func (s stage) reads(l implementation, name string, until time.Time) {
	s.Helper()
	if err := l.SetWatermark(s.Context(), name, until); err != nil {
		s.Fatalf("SetWatermark: %v", err)
	}
}

var watermarkCases = map[string]func(stage){
	"a reader that never read has no watermark": func(s stage) {
		s.readUntil(s.a, "reader", time.Time{})
	},
	"a watermark is what was said last, for ever and for everyone": func(s stage) {
		s.reads(s.a, "reader", start.Add(1234*time.Millisecond))
		s.Advance(10 * DefaultCycleTTL)
		s.readUntil(s.b, "reader", start.Add(1234*time.Millisecond))
		s.reads(s.b, "reader", start)
		s.readUntil(s.a, "reader", start)
	},
	"each reader has its own": func(s stage) {
		s.reads(s.a, "reader", start)
		s.reads(s.a, "other", start.Add(time.Hour))
		s.readUntil(s.b, "reader", start)
	},
	"a reader without a name, or too late, is refused": func(s stage) {
		_, readErr := s.a.Watermark(s.Context(), "")
		for _, err := range []error{readErr, s.a.SetWatermark(s.Context(), "", start)} {
			if err == nil || fault.From(err).Kind != fault.Internal {
				s.Errorf("got %v, want an internal fault", err)
			}
		}
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		_, readErr = s.a.Watermark(ctx, "reader")
		for _, err := range []error{readErr, s.a.SetWatermark(ctx, "reader", start)} {
			if !fault.IsTemporary(err) {
				s.Errorf("got %v, want a temporary fault", err)
			}
		}
		s.readUntil(s.b, "reader", time.Time{})
	},
}
