package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestOutcome_ReportMetrics(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	ok := enrich.Result{Name: "monitor", Status: enrich.OK, Duration: 1500 * time.Millisecond}
	late := enrich.Result{Name: "logs", Status: enrich.TimedOut, Duration: 2 * time.Second, Err: errors.New("late")}
	short := event.Compose(alert.Alert{Title: "x"}, event.Draft{}, nil, now)
	partly := event.Compose(alert.Alert{Title: "x"}, event.Draft{}, []enrich.Result{ok, late}, now)
	long := event.Compose(alert.Alert{Title: "x", Message: strings.Repeat("word ", 2000)}, event.Draft{}, nil, now)
	for name, c := range map[string]struct {
		outcome pipeline.Outcome
		alert   alert.Alert
		want    []string
	}{
		"posted": {
			pipeline.Outcome{Status: pipeline.Posted, PostedAt: now, Playbook: "default", Event: partly, Steps: []enrich.Result{ok, late}},
			alert.Alert{Transition: alert.ReNoData, Date: now.Add(-2500 * time.Millisecond)},
			[]string{
				"boomerang.delay:2.5|d",
				"boomerang.posted:1|d|#enrichment:partial,playbook:default,transition:re-no_data",
				"boomerang.step.duration:1.5|d|#step:monitor,status:ok",
				"boomerang.step.duration:2|d|#step:logs,status:timeout",
			},
		},
		"a recovery": {
			pipeline.Outcome{Status: pipeline.Posted, Playbook: "p", Event: short, Steps: []enrich.Result{}, Cycle: event.Cycle{Lasted: 90 * time.Second}},
			alert.Alert{Transition: alert.Recovered},
			[]string{"boomerang.posted:1|d|#enrichment:none,playbook:p,transition:recovered", "boomerang.recovery:90|d|#playbook:p"},
		},
		"a recovery of an unknown cycle": {
			pipeline.Outcome{Status: pipeline.Posted, Event: short},
			alert.Alert{Transition: alert.Recovered},
			[]string{"boomerang.posted:1|d|#enrichment:none,transition:recovered"},
		},
		"a clock ahead, an unknown transition": {
			pipeline.Outcome{Status: pipeline.Posted, PostedAt: now, Event: short},
			alert.Alert{Transition: "jane@example.com", Date: now.Add(time.Minute)},
			[]string{"boomerang.delay:0|d", "boomerang.posted:1|d|#enrichment:none,transition:other"},
		},
		"a truncated event": {
			pipeline.Outcome{Status: pipeline.Posted, Playbook: "p", Event: long},
			alert.Alert{},
			[]string{"boomerang.posted:1|d|#enrichment:none,playbook:p", "boomerang.truncated:1|d|#playbook:p"},
		},
		"a duplicate": {pipeline.Outcome{Status: pipeline.Duplicate}, alert.Alert{}, []string{"boomerang.duplicate:1|d"}},
		"suppressed":  {pipeline.Outcome{Status: pipeline.Queued, Cause: "storm", Playbook: "calm"}, alert.Alert{}, []string{"boomerang.coalesced:1|d|#playbook:calm"}},
		"queued after its steps": {
			pipeline.Outcome{Status: pipeline.Queued, Cause: "temporary", Steps: []enrich.Result{ok}},
			alert.Alert{},
			[]string{"boomerang.queued:1|d|#reason:temporary", "boomerang.step.duration:1.5|d|#step:monitor,status:ok"},
		},
		"a follow-up": {
			pipeline.Outcome{Status: pipeline.Posted, PostedAt: now, Playbook: "p", Event: short, FollowUp: &event.FollowUp{}},
			alert.Alert{Transition: alert.Triggered, Date: now.Add(-time.Hour)},
			[]string{"boomerang.follow_up:1|d|#playbook:p,result:posted"},
		},
		"a follow-up that waits":    {pipeline.Outcome{Status: pipeline.Queued, Cause: "follow_up", FollowUp: &event.FollowUp{}}, alert.Alert{}, nil},
		"a follow-up of a recovery": {pipeline.Outcome{Status: pipeline.Ignored, Cause: "recovered", FollowUp: &event.FollowUp{}}, alert.Alert{}, []string{"boomerang.follow_up:1|d|#result:recovered"}},
		"a dry run":                 {pipeline.Outcome{Status: pipeline.DryRun, Event: short}, alert.Alert{Date: now}, nil},
		"ignored":                   {pipeline.Outcome{Status: pipeline.Ignored}, alert.Alert{}, nil},
		"a failure":                 {pipeline.Outcome{}, alert.Alert{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := telemetrytest.During(t, func(ctx context.Context) { c.outcome.Report(ctx, c.alert) })
			if diff := cmp.Diff(c.want, e.Lines(t)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutcome_ReportAttributes(t *testing.T) {
	longest := strings.Repeat("c", 128)
	a := alert.Alert{ID: "7", MonitorID: "8", CycleKey: longest, OrgID: "1", Transition: alert.Triggered, Title: "words", Message: "words", Tags: alert.Tags{"words"}, Text: "words"}
	o := pipeline.Outcome{
		Status: pipeline.Posted, Playbook: "p", Posted: event.Posted{ID: "9"}, Detail: "a reason",
		Steps: []enrich.Result{{Name: "monitor", Status: enrich.Failed, Duration: 1234567 * time.Nanosecond, Err: fault.New(fault.Temporary, "public", errors.New("private"))}},
	}
	var b bytes.Buffer
	e := telemetrytest.During(t, func(ctx context.Context) {
		slog.New(slog.NewJSONHandler(&b, nil)).LogAttrs(ctx, slog.LevelInfo, "m", o.Report(ctx, a)...)
	})
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(got, func(key string, _ any) bool { return key == "time" || key == "level" || key == "msg" })
	ids := map[string]string{"alert_id": "7", "monitor_id": "8", "cycle_key": longest, "org_id": "1", "transition": "Triggered", "playbook": "p", "event_id": "9"}
	want := map[string]any{
		"reason": "a reason",
		"steps":  []any{map[string]any{"name": "monitor", "status": "failed", "duration_ms": 1.234, "error": "public: private"}},
	}
	for key, id := range ids {
		want[key] = id
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
	meta := e.Spans(t)[telemetrytest.Root].Meta
	for key, id := range ids {
		if meta[key] != id {
			t.Errorf("the span's tag %s is %q", key, meta[key])
		}
	}
	for _, attr := range (pipeline.Outcome{Status: pipeline.Posted}).Report(t.Context(), a) {
		if attr.Key == "steps" {
			t.Errorf("without steps it logs %s", attr)
		}
	}
}

// A payload's template may put anything in any place, and services may quote an alert.
func TestOutcome_ReportRedacts(t *testing.T) {
	const who = "jane@example.com"
	a := alert.Alert{ID: who, MonitorID: "jane_roe", CycleKey: "2001:db8::1", OrgID: strings.Repeat("7", 129), Transition: who}
	o := pipeline.Outcome{Status: pipeline.Queued, Cause: "temporary", Detail: "Datadog said " + who, Steps: []enrich.Result{
		{Name: "a", Status: enrich.Skipped, Err: enrich.SkipRedacted("there is no row ", who, " here")},
		{Name: "b", Status: enrich.Failed, Err: fault.NewRedacted(fault.Permanent, "there is no team ", who, "; make it", errors.New("404"))},
	}}
	o.Warnings = append(o.Warnings, fault.Wrap("it", o.Steps[1].Err))
	var b bytes.Buffer
	e := telemetrytest.During(t, func(ctx context.Context) {
		slog.New(slog.NewTextHandler(&b, nil)).LogAttrs(ctx, slog.LevelInfo, "m", o.Report(ctx, a)...)
		_, span := telemetry.Start(ctx, "b")
		span.End(o.Steps[1].Err)
	})
	for place, said := range map[string]string{"the log": b.String(), "the trace": e.Said(t)} {
		for _, words := range []string{who, "jane", "2001", "7777777777"} {
			if strings.Contains(said, words) {
				t.Errorf("%s says %q: %s", place, words, said)
			}
		}
		if !strings.Contains(said, "there is no team …; make it") || !strings.Contains(said, "other") {
			t.Errorf("%s lacks our own words: %s", place, said)
		}
	}
}
