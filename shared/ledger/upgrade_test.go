package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
)

// Items that earlier versions wrote are read as they are.
func TestLedger_Upgrade(t *testing.T) {
	each(t, map[string]func(env){"items of version 1": func(s env) {
		expires := number(start.Add(time.Hour).Unix())
		for _, i := range []item{
			{"id": text("alert#posted"), "status": text("COMPLETED"), "expires_at": expires, "event_id": text(posted.ID), "event_url": text(posted.URL)},
			{"id": text("alert#busy"), "status": text("INPROGRESS"), "expires_at": expires, "claimed_by": text("P/1"), "in_progress_until": number(start.Add(runTime).UnixMilli())},
			{"id": text("alert#abandoned"), "status": text("INPROGRESS"), "expires_at": expires, "claimed_by": text("P/1"), "in_progress_until": number(0)},
			{"id": text("parked#queued"), "expires_at": expires},
			{"id": text("watermark#reconcile"), "read_until": number(start.UnixMilli())},
			{
				"id": text("cycle#cycle-1"), "expires_at": expires, "folded": number(40), "first_seen": number(start.Add(-time.Hour).UnixMilli()),
				"seen": set(`{"at":1795251600000,"id":"100","transition":"Triggered"}`, `{"at":1795252200000,"id":"101","transition":"Renotify"}`),
			},
			{"id": text("history#" + group), "expires_at": expires, "cycles": text(`[{"at":1795251600000,"for":720000,"n":2,"self":true,"kind":"deploy","of":"cart"}]`)},
			{
				"id": text("storm#" + s.window().Key()), "expires_at": expires, "announced": &types.AttributeValueMemberBOOL{Value: true}, "overflow": number(2),
				"passed": set("UiF45YkW"), "times": set("2026-11-21T10:00:09Z"), "transitions": set("Recovered"),
			},
			{
				"id": text("storm_list#" + s.window().Key()), "expires_at": expires, "held": set("AAAAAAAA", "BBBBBBBB"),
				"groups": set("host:a"), "times": set("2026-11-21T10:00:01Z"), "transitions": set("Triggered"),
			},
		} {
			s.put(i)
		}
		s.claims(s.a, "posted", done(posted))
		s.isPosted(Delivery{Key: "posted"}, posted, start.Add(time.Hour-TTL))
		s.claims(s.a, "busy", busy(start.Add(runTime)))
		s.knows(s.a, []string{"posted", "busy", "abandoned", "queued"}, "posted", "busy", "queued")
		s.claims(s.a, "abandoned", expired(time.UnixMilli(0).UTC()))
		s.readUntil(s.a, "reconcile", start)
		s.same("cycle", Cycle{start.Add(-time.Hour), recovered.At, 43}, s.adds(s.a, recovered))
		if got := s.later(Notification{ID: "100"}); !slices.Equal(got, []string{"Renotify", "Recovered"}) {
			s.Errorf("after the trigger: %v", got)
		}
		s.remembers(memory.Cycle{
			Began: time.UnixMilli(1795251600000).UTC(), Lasted: 12 * time.Minute, Notified: 2, Recovered: true,
			Followed: enrich.Change{Kind: "deploy", Service: "cart"},
		})
		s.suppressed(s.a, event.Suppressed{
			Count: 4, Groups: []string{"host:a"}, MoreGroups: true, Transitions: []string{"Recovered", "Triggered"},
			First: start.Add(time.Second), Last: start.Add(9 * time.Second),
		})
	}})
}
