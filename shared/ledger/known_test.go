package ledger

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/fault"
)

// knows asks whether a ledger knows exactly these of the keys.
func (s env) knows(l *Ledger, keys []string, want ...string) {
	s.Helper()
	got, err := l.FilterKnown(s.Context(), keys...)
	s.must(err)
	all := map[string]bool{}
	for _, key := range want {
		all[key] = true
	}
	if diff := cmp.Diff(all, got); diff != "" {
		s.Fatalf("FilterKnown (-want +got):\n%s", diff)
	}
}

func (s env) marks(l *Ledger, key string) {
	s.Helper()
	s.must(l.MarkQueued(s.Context(), key))
}

func TestLedger_FilterKnown(t *testing.T) { each(t, knownCases) }

var knownCases = map[string]func(env){
	"posted, in progress, queued": func(s env) {
		s.completes(s.a, "posted", posted)
		s.claims(s.a, "in work", granted)
		s.marks(s.a, "in the queue")
		s.claims(s.a, "released", granted)
		s.releases(s.a, "released", false)
		s.knows(s.b, []string{"posted", "in work", "in the queue", "released", "never seen"}, "posted", "in work", "in the queue")
	},
	"expired claim": func(s env) {
		s.claims(s.a, key, granted)
		s.Advance(runTime)
		s.knows(s.b, []string{key}, key)
		s.Advance(time.Millisecond)
		s.knows(s.b, []string{key})
	},
	"expired record": func(s env) {
		s.completes(s.a, "posted", posted)
		s.marks(s.a, "in the queue")
		s.Advance(TTL)
		s.knows(s.b, []string{"posted", "in the queue"}, "posted", "in the queue")
		s.Advance(time.Second)
		s.knows(s.b, []string{"posted", "in the queue"})
	},
	"queued, then claimed": func(s env) {
		s.marks(s.a, key)
		s.claims(s.b, key, granted)
		s.releases(s.b, key, false)
		s.knows(s.a, []string{key}, key)
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.marks(s.b, key)
		s.claims(s.b, key, done(posted))
	},
	"queued, with an expired claim": func(s env) {
		s.marks(s.a, key)
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.knows(s.b, []string{key}, key)
	},
	"hundreds of keys, long and repeated": func(s env) {
		long := strings.Repeat("k", 5000)
		keys := []string{long + "1", long + "2", long + "1"}
		want := []string{long + "1"}
		s.marks(s.a, long+"1")
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
	"no keys": func(s env) {
		s.marks(s.a, key)
		s.knows(s.a, nil)
	},
	"unreadable record": func(s env) {
		s.put(item{attrID: text("alert#a"), attrStatus: text("PAUSED")})
		s.put(item{attrID: text("parked#b"), attrExpiresAt: text("soon")})
		s.knows(s.a, []string{"a", "b"}, "a", "b")
	},
	"consistent read": func(s env) {
		s.knows(s.a, []string{key})
		s.readsConsistently("BatchGetItem")
	},
	"unprocessed keys": func(s env) {
		s.marks(s.a, "x")
		s.aws.Break(awstest.Fault{Operation: "BatchGetItem", Effect: s.unprocessed("parked#x"), Times: 1})
		s.knows(s.a, []string{"x", "y"}, "x")
	},
	"no key processed": func(s env) {
		s.aws.Break(awstest.Fault{Operation: "BatchGetItem", Effect: s.unprocessed("alert#x", "parked#x")})
		got, err := s.a.FilterKnown(s.Context(), "x")
		if got != nil || !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), "is throttled") {
			s.Errorf("got %v, %v", got, err)
		}
	},
}

// unprocessed answers a BatchGetItem with no item and these keys unprocessed.
func (s env) unprocessed(ids ...string) awstest.Effect {
	var keys []string
	for _, id := range ids {
		keys = append(keys, fmt.Sprintf(`{"id":{"S":%q}}`, id))
	}
	return func(w http.ResponseWriter, _ *http.Request, _ func() awstest.Response) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = fmt.Fprintf(w, `{"Responses":{},"UnprocessedKeys":{%q:{"Keys":[%s]}}}`, s.table, strings.Join(keys, ","))
	}
}

// readsConsistently checks the latest call of an operation.
func (s env) readsConsistently(operation string) {
	s.Helper()
	calls := s.aws.Calls("DynamoDB", operation)
	if body := string(calls[len(calls)-1].Body); !strings.Contains(body, `"ConsistentRead":true`) {
		s.Errorf("%s read %s", operation, body)
	}
}

func (s env) readUntil(l *Ledger, name string, want time.Time) {
	s.Helper()
	got, err := l.Watermark(s.Context(), name)
	if err != nil || !got.Equal(want) {
		s.Fatalf("Watermark(%s) = %v, %v, want %v", name, got, err, want)
	}
}

func (s env) reads(l *Ledger, name string, until time.Time) {
	s.Helper()
	s.must(l.SetWatermark(s.Context(), name, until))
}

func TestLedger_Watermark(t *testing.T) { each(t, watermarkCases) }

var watermarkCases = map[string]func(env){
	"unset": func(s env) {
		s.readUntil(s.a, "reader", time.Time{})
	},
	"set and set back": func(s env) {
		s.reads(s.a, "reader", start.Add(1234*time.Millisecond))
		s.Advance(10 * CycleTTL)
		s.readUntil(s.b, "reader", start.Add(1234*time.Millisecond))
		s.reads(s.b, "reader", start)
		s.readUntil(s.a, "reader", start)
	},
	"another reader": func(s env) {
		s.reads(s.a, "reader", start)
		s.reads(s.a, "other", start.Add(time.Hour))
		s.readUntil(s.b, "reader", start)
	},
	"consistent read": func(s env) {
		s.readUntil(s.a, "reader", time.Time{})
		s.readsConsistently("GetItem")
	},
	"unreadable record": func(s env) {
		s.put(item{attrID: text("watermark#reader"), attrReadUntil: text("noon")})
		_, err := s.a.Watermark(s.Context(), "reader")
		s.temporary(err) // It must not look like a reader that has read nothing.
	},
}
