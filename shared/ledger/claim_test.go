package ledger

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

var (
	start  = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	posted = event.Posted{ID: "8306082202796025694", URL: "https://app.datadoghq.com/event/event?id=8306082202796025694"}
	other  = event.Posted{ID: "8306082202796025695", URL: "https://app.datadoghq.com/event/event?id=8306082202796025695"}
)

const (
	key     = "352347:8306082202796025694"
	runTime = 14 * time.Second
)

var granted = Claim{State: Granted}

// expired is a claim after a run that ended then, and lost after one that is unknown.
func expired(endedAt time.Time) Claim { return Claim{State: Granted, Earlier: &Run{EndedAt: endedAt}} }

var lost = Claim{State: Granted, Earlier: &Run{}}

func busy(until time.Time) Claim { return Claim{State: Busy, Until: until} }

func done(p event.Posted) Claim { return Claim{State: Done, Posted: p} }

func TestLedger_Claim(t *testing.T) { each(t, claimCases) }

var claimCases = map[string]func(env){
	"granted, then busy": func(s env) {
		s.claims(s.a, key, granted)
		s.claims(s.b, key, busy(start.Add(runTime)))
		s.claims(s.a, key, busy(start.Add(runTime)))
	},
	"expires after its end": func(s env) {
		s.claims(s.a, key, granted)
		s.Advance(runTime)
		s.claims(s.b, key, busy(start.Add(runTime)))
		s.Advance(time.Millisecond)
		s.claims(s.b, key, expired(start.Add(runTime)))
		s.claims(s.a, key, busy(s.Now().Add(runTime)))
	},
	"completed": func(s env) {
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.claims(s.a, key, done(posted))
		s.Advance(time.Hour)
		s.claims(s.b, key, done(posted))
	},
	"completed, until the TTL": func(s env) {
		s.completes(s.a, key, posted)
		s.Advance(TTL)
		s.claims(s.b, key, done(posted))
		s.Advance(time.Second)
		s.claims(s.b, key, granted)
		s.claims(s.a, key, busy(s.Now().Add(runTime)))
	},
	"another notification of the monitor": func(s env) {
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.claims(s.a, "352347:8306082202796025695", granted)
	},
	"released": func(s env) {
		s.claims(s.a, key, granted)
		s.releases(s.a, key, false)
		s.claims(s.b, key, granted)
	},
	"late release after another claim": func(s env) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.claims(s.b, key, expired(start.Add(runTime)))
		until := s.Now().Add(runTime)
		s.releases(s.a, key, false)
		s.releases(s.a, key, true)
		s.claims(s.a, key, busy(until))
	},
	"release after complete": func(s env) {
		s.claims(s.a, key, granted)
		s.completes(s.a, key, posted)
		s.releases(s.a, key, false)
		s.releases(s.a, key, true)
		s.claims(s.b, key, done(posted))
	},
	"release without a claim": func(s env) {
		s.releases(s.a, key, false)
		s.claims(s.a, key, granted)
	},
	"released, maybe posted": func(s env) {
		s.claims(s.a, key, granted)
		for _, l := range []*Ledger{s.a, s.b, s.a} {
			s.releases(s.a, key, true)
			s.releases(s.b, key, true)
			s.claims(l, key, expired(start.Add(-time.Millisecond)))
		}
	},
	"release without a claim, maybe posted": func(s env) {
		s.releases(s.a, key, true)
		s.claims(s.a, key, granted)
	},
	"late complete after another claim": func(s env) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.claims(s.b, key, expired(start.Add(runTime)))
		s.completes(s.a, key, posted)
		s.releases(s.b, key, false)
		s.claims(s.b, key, done(posted))
	},
	"late complete after a release": func(s env) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Second)
		s.claims(s.b, key, expired(start.Add(runTime)))
		s.releases(s.b, key, false)
		s.completes(s.a, key, posted)
		s.claims(s.b, key, done(posted))
	},
	"completed twice": func(s env) {
		s.completes(s.a, key, posted)
		s.completes(s.b, key, other)
		s.claims(s.a, key, done(other))
	},
	"20 claims at once": func(s env) {
		s.race(runTime, granted)
	},
	"20 claims at once, after an expired one": func(s env) {
		s.claims(s.a, key, granted)
		s.Advance(runTime + time.Millisecond)
		s.race(runTime, expired(start.Add(runTime)))
	},
	"long and odd keys": func(s env) {
		long := strings.Repeat("k", 5000)
		for _, k := range []string{long + "1", long + "2", "org:ключ\x00'\"", "org:ключ\x00'", "#", " "} {
			s.claims(s.a, k, granted)
		}
		s.claims(s.b, long+"2", busy(start.Add(runTime)))
	},
	"own first attempt was written": func(s env) {
		s.aws.Break(awstest.Fault{Operation: "PutItem", Effect: awstest.DropResponse, Times: 1})
		s.claims(s.a, key, lost) // Its answer may have shown an earlier run.
		s.claims(s.b, key, busy(start.Add(runTime)))
	},
	"expired meanwhile": func(s env) {
		for name, r := range map[string]record{
			"claim":     {Status: statusInProgress, ClaimedBy: "p/1", InProgressUntil: start.Add(time.Second).UnixMilli(), ExpiresAt: start.Add(TTL).Unix()},
			"completed": {Status: statusCompleted, Posted: posted, ExpiresAt: start.Unix()},
		} {
			i := r.item()
			i[attrID] = text("alert#" + name)
			s.put(i)
			now := start.Add(-2 * time.Second)
			l := s.process()
			l.now = func() time.Time { now = now.Add(2 * time.Second); return now }
			got, err := l.Claim(s.Context(), Delivery{Key: name}, start.Add(runTime))
			if err != nil || got != busy(start.Add(2*time.Second)) {
				s.Errorf("%s: got %+v, %v", name, got, err)
			}
		}
	},
	"unreadable record": func(s env) {
		s.put(item{attrID: text("alert#" + key), attrStatus: text("PAUSED"), attrExpiresAt: number(start.Unix())})
		got, err := s.a.Claim(s.Context(), Delivery{Key: key}, start.Add(runTime))
		if got != (Claim{}) || !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), "holds a record that cannot be read") {
			s.Errorf("got %+v, %v", got, err)
		}
	},
}

func TestLedger_Posted(t *testing.T) {
	each(t, map[string]func(env){
		"unknown":     func(s env) { s.isPosted(Delivery{Key: key}, event.Posted{}, time.Time{}) },
		"in progress": func(s env) { s.claims(s.a, key, granted); s.isPosted(Delivery{Key: key}, event.Posted{}, time.Time{}) },
		"completed": func(s env) {
			s.Advance(time.Minute)
			s.completes(s.a, key, posted)
			s.Advance(24 * time.Hour)
			s.isPosted(Delivery{Key: key}, posted, start.Add(time.Minute))
		},
		"completed, of a key that is not certain": func(s env) {
			d := Delivery{Key: key, ReceivedAt: start, Window: time.Minute}
			s.must(s.a.Complete(s.Context(), d, posted))
			s.isPosted(d, posted, start)
			d.ReceivedAt = start.Add(-time.Hour)
			s.isPosted(d, event.Posted{}, time.Time{})
		},
		"unreadable": func(s env) {
			s.put(item{attrID: text(alertPrefix + key), attrStatus: text("x")})
			_, _, err := s.a.Posted(s.Context(), Delivery{Key: key})
			s.temporary(err)
		},
		"throttled": func(s env) {
			s.aws.Break(awstest.Fault{Effect: awstest.Error(400, "ThrottlingException")})
			_, _, err := s.a.Posted(s.Context(), Delivery{Key: key})
			s.temporary(err)
		},
	})
}

func (s env) isPosted(d Delivery, want event.Posted, at time.Time) {
	s.Helper()
	got, completed, err := s.b.Posted(s.Context(), d)
	if got != want || !completed.Equal(at) || err != nil {
		s.Errorf("got %+v at %v, %v; want %+v at %v", got, completed, err, want, at)
	}
}

// race lets 20 claims start together, half of them by each process.
func (s env) race(d time.Duration, first Claim) {
	s.Helper()
	const claims = 20
	until := s.Now().Add(d)
	results := make([]Claim, claims)
	errs := make([]error, claims)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range claims {
		l := s.a
		if i%2 == 1 {
			l = s.b
		}
		wg.Go(func() {
			<-begin
			results[i], errs[i] = l.Claim(s.Context(), Delivery{Key: key}, until)
		})
	}
	close(begin)
	wg.Wait()
	counts := map[string]int{}
	for i, c := range results {
		if errs[i] != nil {
			s.Fatalf("Claim: %v", errs[i])
		}
		counts[said(c)]++
	}
	want := map[string]int{said(first): 1, said(busy(until)): claims - 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		s.Fatalf("claims (-want +got):\n%s", diff)
	}
}

// said is a claim as a text that two equal claims share.
func said(c Claim) string {
	text, _ := json.Marshal(c)
	return string(text)
}

func TestReadRecord_Unreadable(t *testing.T) {
	for name, i := range map[string]item{
		"no item":              nil,
		"unknown status":       {attrStatus: text("PAUSED"), attrExpiresAt: number(1)},
		"no expiry":            {attrStatus: text("COMPLETED")},
		"expiry is a string":   {attrStatus: text("COMPLETED"), attrExpiresAt: text("soon")},
		"expiry is a float":    {attrStatus: text("COMPLETED"), attrExpiresAt: &types.AttributeValueMemberN{Value: "1.5"}},
		"claim without an end": {attrStatus: text("INPROGRESS"), attrExpiresAt: number(1)},
		"receipt is a text":    {attrStatus: text("COMPLETED"), attrExpiresAt: number(1), attrReceivedAt: text("x")},
		"claim ends in a text": {attrStatus: text("INPROGRESS"), attrExpiresAt: number(1), attrInProgressUntil: text("x")},
	} {
		if r, err := readRecord(i); !errors.Is(err, errUnreadable) {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}
