package monitor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
)

func TestDowntimes_Conformance(t *testing.T) {
	for name, downtimes := range map[string][]fakedatadog.ScheduledDowntime{
		"none": nil,
		"one":  {{MonitorID: 7, Message: "upgrade", CreatedBy: fakedatadog.Person{Email: "ada@example.com"}}},
	} {
		t.Run(name, func(t *testing.T) {
			enrichtest.Conformance(t, enrichtest.Case{
				Kind:  DowntimesKind,
				Alert: alert.Alert{MonitorID: "7", Scope: "host:a"},
				Seed: func(s *fakedatadog.Server) {
					s.AddMonitor(fakedatadog.Monitor{ID: 7, Query: "x"})
					for _, d := range downtimes {
						s.AddDowntime(d)
					}
				},
				NotFound: "Datadog has no monitor 7: it was deleted or belongs to another organization",
			})
		})
	}
}

// downtimes is a DowntimeSource made of values.
type downtimes struct {
	matches  []datadog.DowntimeMatch
	notes    []datadog.DowntimeNote
	notesErr error

	monitorID int64 // Of the last call.
}

func (d *downtimes) DowntimeMatches(_ context.Context, id int64) ([]datadog.DowntimeMatch, error) {
	d.monitorID = id
	return d.matches, nil
}

func (d *downtimes) CurrentDowntimes(context.Context) ([]datadog.DowntimeNote, error) {
	return d.notes, d.notesErr
}

func downtimesOf(t *testing.T, scope string, d downtimes) (enrich.Finding, DowntimesData) {
	t.Helper()
	f := enrichtest.Find(t, newDowntimes(&d, DowntimesConfig{}), alert.Alert{MonitorID: "7", Scope: scope})
	if d.monitorID != 7 {
		t.Errorf("read the downtimes of %d", d.monitorID)
	}
	return f, f.Data.(DowntimesData)
}

func TestDowntimes_Enrich(t *testing.T) {
	got, _ := downtimesOf(t, "host:a, env:prod", downtimes{
		matches: []datadog.DowntimeMatch{
			{ID: "1", Scope: "env:staging", Groups: []string{"host:b", "env:prod,host:a"}, Start: noon, End: noon.Add(4 * time.Hour)},
			{ID: "2", Scope: "*", Groups: []string{"host:c"}, Start: noon, End: noon.Add(time.Hour)},
		},
		notes: []datadog.DowntimeNote{
			{ID: "3", Message: "another"},
			{ID: "1", Message: " upgrade\nof the database ", Creator: datadog.User{Email: "ada@example.com"}},
		},
	})
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Downtimes", Weight: enrich.Important,
		Lead: []enrich.Lead{{Answer: enrich.What, Text: "muted until 21 Nov 16:00 UTC"}},
		Blocks: []enrich.Block{enrich.List{Items: []enrich.Item{
			{Time: noon, Text: "env:staging, until 21 Nov 16:00 UTC, by ada@example.com: upgrade of the database"},
			{Time: noon, Text: "everything, until 21 Nov 13:00 UTC"},
		}}},
	}, `{"muted":true,"until":"2026-11-21T16:00:00Z","count":2,"downtimes":[{"id":"1","scope":"env:staging","groups":["host:b","env:prod,host:a"],`+
		`"start":"2026-11-21T12:00:00Z","until":"2026-11-21T16:00:00Z","message":"upgrade\nof the database","by":"ada@example.com"},`+
		`{"id":"2","scope":"*","groups":["host:c"],"start":"2026-11-21T12:00:00Z","until":"2026-11-21T13:00:00Z","message":"","by":""}]}`)
}

func TestDowntimes_None(t *testing.T) {
	got, _ := downtimesOf(t, "host:a", downtimes{})
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Downtimes", Weight: enrich.Background, Blocks: []enrich.Block{enrich.Paragraph("No active downtime mutes the monitor.")},
	}, `{"muted":false,"count":0}`)
}

func TestDowntimes_Muted(t *testing.T) {
	for _, tt := range []struct {
		name, scope string
		groups      []string
		want        bool
	}{
		{"own group", "host:a", []string{"host:a"}, true},
		{"another group", "host:a", []string{"host:b"}, false},
		{"all groups", "host:a", []string{"*"}, true},
		{"no groups", "host:a", nil, true},
		{"monitor without groups", "*", []string{"*"}, true},
		{"no scope", "", []string{"", "host:a"}, false},
	} {
		if _, d := downtimesOf(t, tt.scope, downtimes{matches: []datadog.DowntimeMatch{{Groups: tt.groups}}}); d.Muted != tt.want {
			t.Errorf("%s: muted is %v", tt.name, d.Muted)
		}
	}
}

func TestDowntimes_Partial(t *testing.T) {
	broken := errors.New("broken")
	for n, want := range []error{nil, broken} {
		f, d := downtimesOf(t, "", downtimes{matches: make([]datadog.DowntimeMatch, n), notesErr: broken})
		if f.PartialReason != want || len(d.Downtimes) != n {
			t.Errorf("%d downtimes: partial reason %v, data %+v", n, f.PartialReason, d)
		}
	}
}

func TestDowntimes_Limits(t *testing.T) {
	s := downtimes{}
	for i := range 50 {
		s.matches = append(s.matches, datadog.DowntimeMatch{ID: fmt.Sprint(i), Scope: "env:dev", End: noon})
		s.notes = append(s.notes, datadog.DowntimeNote{ID: fmt.Sprint(i), Message: strings.Repeat("é", 5000)})
	}
	s.matches[1].End = time.Time{}
	f, d := downtimesOf(t, "", s)
	list := f.Blocks[0].(enrich.List)
	if len(list.Items) != maxDowntimes || list.More != 45 || d.Count != 50 || len(d.Downtimes) != maxDowntimes || !d.Until.IsZero() {
		t.Errorf("got %d items and %d more, data %+v", len(list.Items), list.More, d)
	}
	if want := "env:dev, indefinitely: " + strings.Repeat("é", maxMessage-1) + "…"; list.Items[1].Text != want {
		t.Errorf("got %q", list.Items[1].Text)
	}
}

func TestDowntimes_MonitorID(t *testing.T) {
	for _, tt := range []struct {
		configured, own string
		want            int64
	}{{"", "7", 7}, {" 8 ", "7", 8}, {"", "", 0}, {"", "0", 0}} {
		s := downtimes{}
		_, err := newDowntimes(&s, DowntimesConfig{Monitor: tt.configured}).Enrich(t.Context(), alert.Alert{MonitorID: tt.own})
		if s.monitorID != tt.want || (err == nil) != (tt.want > 0) {
			t.Errorf("%q, %q: read %d, error %v", tt.configured, tt.own, s.monitorID, err)
		}
	}
}

func TestDowntimesConfig_Validate(t *testing.T) {
	for monitor, want := range map[string]string{
		"": "", " ": "", "7": "", "{{ .alert.monitor_id }}": "",
		"seven": `monitor: "seven" is not a monitor ID; use a whole number above zero`, "-1": `monitor: "-1" is not a monitor ID; use a whole number above zero`,
	} {
		enrichtest.Validate(t, DowntimesConfig{Monitor: monitor}, want)
	}
}
