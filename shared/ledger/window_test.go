package ledger

import (
	"testing"
	"time"

	"boomerang/shared/event"
)

func TestLedger_Window(t *testing.T) { each(t, windowCases) }

// A key that may be another alert's too holds for a window around each receipt.
var windowCases = func() map[string]func(env) {
	const window = 5 * time.Minute
	received := func(after time.Duration) Delivery {
		return Delivery{Key: "1:sha256:5e", ReceivedAt: start.Add(after), Window: window}
	}
	complete := func(s env, d Delivery, p event.Posted) { s.must(s.a.Complete(s.Context(), d, p)) }
	cases := map[string]func(env){
		"counted from the first delivery": func(s env) {
			s.claimsDelivery(s.a, received(0), granted)
			complete(s, received(0), posted)
			s.claimsDelivery(s.b, received(4*time.Minute), done(posted))
			s.claimsDelivery(s.b, received(8*time.Minute), granted)
			complete(s, received(8*time.Minute), other)
			s.claimsDelivery(s.b, received(12*time.Minute), done(other))
		},
		"a message that was delivered late": func(s env) {
			complete(s, received(0), posted)
			s.Advance(14 * 24 * time.Hour)
			s.claimsDelivery(s.a, received(time.Second), done(posted))
			s.claimsDelivery(s.a, received(-window-time.Millisecond), granted)
		},
		"in progress": func(s env) {
			s.claimsDelivery(s.a, received(0), granted)
			s.claimsDelivery(s.b, received(time.Hour), busy(start.Add(runTime)))
		},
		"a run that ended, of the same alert": func(s env) {
			s.claimsDelivery(s.a, received(0), granted)
			s.Advance(runTime + time.Second)
			s.claimsDelivery(s.b, received(window), Claim{State: Granted, Earlier: &Run{ReceivedAt: start, EndedAt: start.Add(runTime)}})
		},
		"a run that ended, of another alert": func(s env) {
			s.claimsDelivery(s.a, received(0), granted)
			s.Advance(runTime + time.Second)
			s.claimsDelivery(s.b, received(window+time.Millisecond), granted)
		},
		"a release keeps the first receipt": func(s env) {
			s.claimsDelivery(s.a, received(time.Minute), granted)
			s.must(s.a.Release(s.Context(), received(0), true))
			s.claimsDelivery(s.b, received(2*time.Minute), Claim{State: Granted, Earlier: &Run{ReceivedAt: start, EndedAt: start.Add(-time.Millisecond)}})
		},
		"a record without a receipt is certain": func(s env) {
			complete(s, Delivery{Key: "1:sha256:5e"}, posted)
			s.claimsDelivery(s.a, received(10*24*time.Hour), done(posted))
		},
		"a certain key": func(s env) {
			complete(s, Delivery{Key: key, ReceivedAt: start}, posted)
			s.claimsDelivery(s.a, Delivery{Key: key, ReceivedAt: start.Add(time.Hour)}, done(posted))
			if _, kept := s.item("alert#" + key)[attrReceivedAt]; kept {
				s.Error("the record keeps a receipt that means nothing")
			}
		},
		"an alias is known, and not claimed": func(s env) {
			d := received(0)
			d.Alias = "1:4712"
			s.knows(s.a, []string{"1:4712"})
			complete(s, d, posted)
			s.knows(s.a, []string{"1:4712"}, "1:4712")
			s.claims(s.a, "1:4712", granted)
		},
	}
	for apart, want := range map[time.Duration]Claim{
		-window - time.Millisecond: granted, -window: done(posted), -time.Second: done(posted), 0: done(posted),
		16 * time.Second: done(posted), window: done(posted), window + time.Millisecond: granted, 24 * time.Hour: granted,
	} {
		cases["received "+apart.String()+" after the first"] = func(s env) {
			complete(s, received(0), posted)
			s.claimsDelivery(s.a, received(apart), want)
		}
	}
	return cases
}()
