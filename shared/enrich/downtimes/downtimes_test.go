package downtimes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestConformance(t *testing.T) {
	for name, schedule := range map[string]func(*fakedatadog.Server){
		"none": func(*fakedatadog.Server) {},
		"one": func(s *fakedatadog.Server) {
			s.AddDowntime(fakedatadog.ScheduledDowntime{MonitorID: 7, Message: "upgrade", CreatedBy: fakedatadog.Person{Email: "ada@example.com"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			enrichtest.Conformance(t, enrichtest.Case{
				New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
				Permission: Permission,
				Alert:      alert.Alert{MonitorID: "7", Scope: "host:a"},
				Seed: func(s *fakedatadog.Server) {
					s.AddMonitor(fakedatadog.Monitor{ID: 7, Query: "x"})
					schedule(s)
				},
				NotFound: "Datadog has no monitor 7: it was deleted, or belongs to another organisation",
			})
		})
	}
}

// source is a Source made of values.
type source struct {
	asked   *int64
	matches []datadog.DowntimeMatch
	notes   []datadog.DowntimeNote
	err     error
}

func (s source) DowntimeMatches(_ context.Context, id int64) ([]datadog.DowntimeMatch, error) {
	*s.asked = id
	return s.matches, nil
}

func (s source) CurrentDowntimes(context.Context) ([]datadog.DowntimeNote, error) {
	return s.notes, s.err
}

func enriched(t *testing.T, scope string, s source) enrich.Finding {
	t.Helper()
	s.asked = new(int64)
	f, err := New(s, Config{}).Enrich(t.Context(), alert.Alert{MonitorID: "7", Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEnrich_tells_each_downtime(t *testing.T) {
	got := enriched(t, "host:a, env:prod", source{
		matches: []datadog.DowntimeMatch{
			{ID: "1", Scope: "env:staging", Groups: []string{"host:b", "env:prod,host:a"}, Start: noon, End: noon.Add(4 * time.Hour)},
			{ID: "2", Scope: "*", Groups: []string{"host:c"}, Start: noon, End: noon.Add(time.Hour)},
		},
		notes: []datadog.DowntimeNote{
			{ID: "3", Message: "another"},
			{ID: "1", Message: " upgrade\nof the database ", Creator: datadog.User{Email: "ada@example.com"}},
		},
	})
	want := enrich.Finding{
		Title: "Downtimes", Weight: enrich.Important,
		Blocks: []enrich.Block{enrich.List{Items: []enrich.Item{
			{Time: noon, Text: "env:staging, until 21 Nov 16:00 UTC, by ada@example.com: upgrade of the database"},
			{Time: noon, Text: "everything, until 21 Nov 13:00 UTC"},
		}}},
		Data: Data{
			Muted: true, Until: noon.Add(4 * time.Hour), Count: 2,
			Downtimes: []Downtime{
				{"1", "env:staging", []string{"host:b", "env:prod,host:a"}, noon, noon.Add(4 * time.Hour), "upgrade\nof the database", "ada@example.com"},
				{ID: "2", Scope: "*", Groups: []string{"host:c"}, Start: noon, Until: noon.Add(time.Hour)},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestEnrich_muted(t *testing.T) {
	for _, tt := range []struct {
		name, scope string
		groups      []string
		want        bool
	}{
		{"its_own_group", "host:a", []string{"host:a"}, true},
		{"another_group", "host:a", []string{"host:b"}, false},
		{"all_groups", "host:a", []string{"*"}, true},
		{"no_groups_are_all_groups", "host:a", nil, true},
		{"a_monitor_without_groups", "*", []string{"*"}, true},
		{"no_scope_is_no_group", "", []string{"", "host:a"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := enriched(t, tt.scope, source{matches: []datadog.DowntimeMatch{{Groups: tt.groups}}}).Data.(Data).Muted
			if got != tt.want {
				t.Errorf("muted is %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEnrich_one_without_end_has_no_end(t *testing.T) {
	got := enriched(t, "", source{matches: []datadog.DowntimeMatch{{End: noon}, {Scope: "env:dev"}, {End: noon.Add(time.Hour)}}})
	if until := got.Data.(Data).Until; !until.IsZero() {
		t.Errorf("until %v, want no end", until)
	}
	if text := got.Blocks[0].(enrich.List).Items[1].Text; text != "env:dev, without end" {
		t.Errorf("text %q", text)
	}
}

func TestEnrich_without_the_notes_is_partial(t *testing.T) {
	broken := errors.New("broken")
	got := enriched(t, "", source{matches: []datadog.DowntimeMatch{{ID: "1"}}, err: broken})
	if !errors.Is(got.PartialReason, broken) || len(got.Data.(Data).Downtimes) != 1 {
		t.Errorf("finding %+v, want the downtime and the reason for what is missing", got)
	}
}

func TestEnrich_many_and_long_ones_make_no_long_finding(t *testing.T) {
	s := source{}
	for i := range 50 {
		s.matches = append(s.matches, datadog.DowntimeMatch{ID: fmt.Sprint(i)})
		s.notes = append(s.notes, datadog.DowntimeNote{ID: fmt.Sprint(i), Message: strings.Repeat("é", 5000)})
	}
	got := enriched(t, "", s)
	list := got.Blocks[0].(enrich.List)
	if len(list.Items) != maxShown || list.More != 45 || got.Data.(Data).Count != 50 || len(got.Data.(Data).Downtimes) != maxShown {
		t.Errorf("got %d items and %d more", len(list.Items), list.More)
	}
	if n := len([]rune(list.Items[0].Text)); n > maxMessage+50 {
		t.Errorf("an item has %d characters", n)
	}
}

func TestEnrich_asks_for(t *testing.T) {
	for _, tt := range []struct {
		name, monitor, own, skip string
		want                     int64
	}{
		{name: "the_alerts_monitor", own: "7", want: 7},
		{name: "the_playbooks_monitor", monitor: " 8 ", own: "7", want: 8},
		{name: "nothing_without_one", skip: "the alert names no monitor"},
		{name: "nothing_below_one", own: "0", skip: "the alert names no monitor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked int64
			_, err := New(source{asked: &asked}, Config{Monitor: tt.monitor}).Enrich(t.Context(), alert.Alert{MonitorID: tt.own})
			if asked != tt.want || fault.Public(err) != tt.skip {
				t.Errorf("asked for %d, error %v; want %d and %q", asked, err, tt.want, tt.skip)
			}
		})
	}
}

func TestConfig_Validate(t *testing.T) {
	for monitor, want := range map[string]string{
		"": "", " ": "", "7": "", "{{ .alert.monitor_id }}": "",
		"seven": `monitor: "seven" is no monitor's id; it is a whole number above zero`,
		"-1":    `monitor: "-1" is no monitor's id; it is a whole number above zero`,
	} {
		got := ""
		if err := (Config{Monitor: monitor}).Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("monitor %q: %q, want %q", monitor, got, want)
		}
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	for want, matches := range map[string][]datadog.DowntimeMatch{
		`{"muted":false,"count":0}`: nil,
		`{"muted":true,"until":"2026-11-21T12:00:00Z","count":1,"downtimes":[{"id":"1","scope":"*","groups":["*"],` +
			`"start":"2026-11-21T12:00:00Z","until":"2026-11-21T12:00:00Z","message":"","by":""}]}`: {
			{ID: "1", Scope: "*", Groups: []string{"*"}, Start: noon, End: noon},
		},
	} {
		text, err := json.Marshal(enriched(t, "", source{matches: matches}).Data)
		if diff := cmp.Diff(want, string(text)); err != nil || diff != "" {
			t.Errorf("JSON (-want +got):\n%s%v", diff, err)
		}
	}
}
