package event_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

func value(v float64) *float64 { return &v }

// followedUp is a follow-up 15 minutes after the alert.
func followedUp(then, now enrich.Standing) event.Draft {
	return event.Draft{Playbook: "checkout", Webhook: "boomerang", Key: "follow_up:1", Tags: []string{"team:shop"}, FollowUp: &event.FollowUp{
		After: 15 * time.Minute, First: event.Posted{ID: "8306082202796025694", URL: "https://app.datadoghq.com/event/event?id=8306082202796025694"},
		Began: triggered().Date, Then: then, Now: now,
	}, Cycle: event.Cycle{Lasted: 15 * time.Minute, Notified: 1, Meanwhile: []enrich.Change{{Kind: "deploy", Title: "Deployed cart 4", Time: later.Add(-5 * time.Minute)}}}}
}

// later is the time of the follow-up.
var later = triggered().Date.Add(15 * time.Minute)

func TestCompose_FollowUp(t *testing.T) {
	then := enrich.Standing{State: "Alert", Failing: 3, Groups: 14, Value: value(0.85), Unit: "second"}
	for name, c := range map[string]struct {
		now       enrich.Standing
		title     string
		screen    string
		alertType string
	}{
		"worse": {
			enrich.Standing{State: "Alert", Failing: 5, Groups: 14, Value: value(0.97), Unit: "second"},
			"Still firing after 15 min: [P1] Checkout error rate is high on {env:prod}",
			"still Alert; 5 of 14 groups fail, 2 more than at first; 0.97 s now, 0.85 s at first", "error",
		},
		"better": {
			enrich.Standing{State: "Warn", Failing: 1, Groups: 14, Value: value(0.7), Unit: "second"},
			"Still firing after 15 min", "Warn now, Alert at first; 1 of 14 groups fail, 2 fewer than at first; 0.7 s now", "error",
		},
		"as before": {
			enrich.Standing{State: "Alert", Failing: 3, Groups: 14},
			"Still firing after 15 min",
			"still Alert; 3 of 14 groups fail, as many as at first", "error",
		},
		"healthy": {
			enrich.Standing{State: "OK", Failing: 0, Groups: 14},
			"No longer firing after 15 min",
			"OK now, Alert at first; 0 of 14 groups fail, 3 fewer than at first", "success",
		},
		"unknown": {enrich.Standing{}, "Not recovered after 15 min", "", "error"},
	} {
		t.Run(name, func(t *testing.T) {
			got := event.Compose(triggered(), followedUp(then, c.now), results(), later)
			if !strings.HasPrefix(got.Title, c.title) || got.AlertType != c.alertType {
				t.Errorf("title %q, type %q", got.Title, got.AlertType)
			}
			screen, _, _ := strings.Cut(got.Text, "\n\n")
			if !strings.Contains(screen, c.screen) || !strings.Contains(screen, "Changed meanwhile: Deployed cart 4") {
				t.Errorf("the first screen does not say %q:\n%s", c.screen, screen)
			}
			for _, wrong := range []string{"Triggered", "notification", "was > 5"} {
				if strings.Contains(screen, wrong) {
					t.Errorf("the first screen says %q, which was then:\n%s", wrong, screen)
				}
			}
			if strings.Contains(got.Text, " @") {
				t.Errorf("a mention in %s", got.Text)
			}
			if got.RelatedEventID != 8306082202796025694 || got.AggregationKey != "1c4e8a" || got.DateHappened != later.Unix() {
				t.Errorf("related event %d, aggregation key %s, date %d", got.RelatedEventID, got.AggregationKey, got.DateHappened)
			}
			for _, tag := range []string{"follow_up:15m", "boomerang", "playbook:checkout", "team:shop", event.TagKey("follow_up:1")} {
				if !slices.Contains(got.Tags, tag) {
					t.Errorf("no tag %s in %v", tag, got.Tags)
				}
			}
		})
	}
}

func TestComposeAlert_FollowUp(t *testing.T) {
	a := triggered()
	a.Date = later.Add(-48 * time.Hour) // The follow-up is not as old as its alert.
	got := event.ComposeAlert(a, followedUp(enrich.Standing{State: "Warn"}, enrich.Standing{State: "Alert", Value: value(3)}), results(), later).Data.Attributes
	if got.Timestamp != "2026-03-14T03:13:00.000Z" || got.AggregationKey != "1c4e8a" || got.Attributes.Status != "error" || slices.Contains(got.Tags, event.TagLate) {
		t.Errorf("got %+v", got)
	}
	if got.Attributes.Custom["related_event_id"] != "8306082202796025694" {
		t.Errorf("related event %v", got.Attributes.Custom["related_event_id"])
	}
	worse := followedUp(enrich.Standing{State: "Alert", Failing: 3, Groups: 14, Value: value(0.85), Unit: "second"}, enrich.Standing{State: "Alert", Failing: 5, Groups: 14, Value: value(0.97), Unit: "second"})
	e := event.ComposeAlert(triggered(), worse, results(), later)
	mustBeGolden(t, "v2-follow-up", e, e.Data.Attributes.Message)
	mustBeAcceptableAlert(t, e)
}

// The first screen has room for what the comparison does not say.
func TestCompose_FollowUpLeads(t *testing.T) {
	now := enrich.Standing{State: "Alert", Failing: 5, Groups: 14, Value: value(0.97), Unit: "second"}
	found := results()
	for _, text := range []string{"5 of 14 groups fail (5 Alert); critical > 0.8", "0.97 s (avg over 5m), above 0.8 s", "rising", "SEV-2 incident since 03:05 UTC: #42 Checkout fails (active)"} {
		found[0].Finding.Lead = append(found[0].Finding.Lead, enrich.Lead{Answer: enrich.What, Text: text})
	}
	_, screen, _ := strings.Cut(event.Compose(triggered(), followedUp(enrich.Standing{}, now), found, later).Text, "\n")
	screen, _, _ = strings.Cut(screen, "\n")
	if want := `- Alert now; 5 of 14 groups fail; 0.97 s now · rising · SEV-2 incident since 03:05 UTC: #42 Checkout fails (active)`; screen != want {
		t.Errorf("the first line is %s, want %s", screen, want)
	}
}

func TestIsFailure(t *testing.T) {
	for _, c := range []struct {
		a        alert.Alert
		override string
		want     bool
	}{
		{alert.Alert{Transition: alert.Triggered}, "", true},
		{alert.Alert{Transition: alert.NoData}, "", true},
		{alert.Alert{Transition: alert.Triggered, Type: "info"}, "", false},
		{alert.Alert{Transition: alert.Triggered, Type: "error"}, "info", false},
		{alert.Alert{Transition: alert.Triggered, Type: "info"}, "error", true},
		{alert.Alert{Transition: alert.Recovered}, "", false},
		{alert.Alert{}, "", false},
	} {
		if got := event.IsFailure(c.a, event.Draft{AlertType: c.override}); got != c.want {
			t.Errorf("%s %s, overridden by %q: got %v", c.a.Transition, c.a.Type, c.override, got)
		}
	}
}
