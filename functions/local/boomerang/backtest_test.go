package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"boomerang/functions/local/backtest"
	"boomerang/shared/fakedatadog"
)

// pastEvents are three alerts of a file.
func pastEvents() string {
	var all []string
	for i, service := range []string{"checkout", "checkout", "cart"} {
		all = append(all, fmt.Sprintf(`{"id": %d, "title": "[P2] [Triggered] %s is slow", "text": "@webhook-boomerang", "date_happened": %d, "alert_type": "error",
			"priority": "normal", "tags": ["monitor", "service:%s"], "url": "/event/event?event_id=%d", "monitor_id": 4711}`, 11+i, service, 1795000000+86400*i, service, 11+i))
	}
	return `{"events": [` + strings.Join(all, ",") + `]}`
}

const (
	playbooksBefore = `playbooks: [{name: checkout, match: alert.tags.service == "checkout"}, {name: shop, match: alert.tags.service == "cart"}]`
	playbooksAfter  = `playbooks: [{name: checkout, match: alert.tags.service == "checkout", event: {title: "Checkout is down", priority: low}}, {name: often, match: memory.count > 3}]`
)

func TestBacktest(t *testing.T) {
	files := folder(t, map[string]string{
		"events.json": pastEvents(), "before.yaml": playbooksBefore, "after.yaml": playbooksAfter, "none.json": `{"events": []}`, "wrong.json": `{"data": []}`,
		"broken.yaml": `playbooks: [{name: a, mach: b}]`,
	})
	file := func(name string) string { return filepath.Join(files, name) }
	sides := " --base-playbooks " + file("before.yaml") + " --playbooks " + file("after.yaml")
	read := "backtest --file " + file("events.json")
	for _, tt := range []struct {
		line         string
		env          map[string]string
		shows, fails []string
	}{
		{line: read + sides, shows: []string{
			"3 alerts from 2026-11-18 11:06 to 2026-11-20 11:06 UTC, in 3 events; no step runs\n",
			"  playbook checkout                     2        2\n", "  playbook shop                         1        0\n", "  match not judged                      0        1\n",
			"       2  priority normal → low in checkout\n", "e.g. [P2] [Triggered] checkout is slow  https://app.datadoghq.com/event/event?event_id=11\n",
			"       2  title in checkout\n", "          - [P2] [Triggered] checkout is slow\n          + Checkout is down\n",
			"       1  playbook often, match: memory.count > 3 needs memory.count\n",
			"\nOf 3 alerts, 2 change, 0 do not, and 1 are not judged; 0 fall to the default playbook (0.0%)\n",
		}},
		{line: read + sides + " --since 1d", shows: []string{"2 alerts from 2026-11-19"}},
		{line: read + sides + " --since 2026-11-20", shows: []string{"1 alert from 2026-11-20"}},
		{line: read + sides + " --webhook shop", shows: []string{"Note: no event mentions @webhook-shop, so the alerts of all monitors count"}},
		{line: read + sides, env: map[string]string{"WEBHOOK_NAME": "shop", "DD_SITE": "datadoghq.eu"}, shows: []string{"@webhook-shop", "https://app.datadoghq.eu/event/"}},
		{line: read + sides + " --fail-on-change", shows: []string{"Of 3 alerts"}, fails: []string{"2 of 3 alerts change, and 1 cannot be judged"}},
		{line: read + sides, env: map[string]string{"FAIL_ON_CHANGE": "yes"}, shows: []string{"Of 3 alerts"}, fails: []string{"2 of 3 alerts change"}},
		{line: read + " --base-playbooks " + file("after.yaml") + " --playbooks " + file("after.yaml") + " --fail-on-change", shows: []string{"Of 3 alerts, 0 change, 3 do not"}},
		{
			line: read + " --base-playbooks " + file("before.yaml") + " --playbooks " + "../../../shared/playbook/default.yaml --fail-if-default-over 2", shows: []string{"3 fall to the default playbook (100.0%)"},
			fails: []string{"3 of 3 alerts fall to the default playbook, more than 2"},
		},
		{line: read + sides + " --fail-if-default-over 5%", shows: []string{"Of 3 alerts"}},
		{line: read + " --playbooks ../../../shared/playbook/default.yaml", shows: []string{"shared/playbook/default.yaml at HEAD (", "Of 3 alerts"}},
		{line: read, shows: []string{"shared/playbook/own, ../../../shared/playbook/default.yaml at HEAD ("}},
		{line: "backtest --file " + file("none.json") + sides + " --fail-if-default-over 0%", shows: []string{"No alert is in the 0 events that were read.\n"}},
		{line: "backtest --file " + file("wrong.json") + sides, fails: []string{"wrong.json: byte 12: these are not events"}},
		{line: "backtest --file " + os.DevNull + sides, fails: []string{"/dev/null: it is empty: give responses of GET /api/v1/events"}},
		{line: "backtest --file testdata/mine.yaml" + sides, fails: []string{"mine.yaml: byte 0: it is not JSON, or ends too early: give"}},
		{line: "backtest --file none.json" + sides, fails: []string{"none.json"}},
		{line: read + " --playbooks " + file("broken.yaml"), fails: []string{`broken.yaml:1:23: unknown key "mach"`}},
		{line: read + " --base-playbooks " + file("broken.yaml") + " --playbooks " + file("after.yaml"), fails: []string{`broken.yaml:1:23: unknown key "mach"`}},
		{line: read + " --base none --playbooks ../../../shared/playbook/default.yaml", fails: []string{`this repository does not have the commit "none"`}},
		{line: "backtest --replay none" + sides, fails: []string{"none is not a recording"}},
		{line: "backtest --live" + sides, fails: []string{"DD_API_KEY"}},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			screen, err := invoke(t, tt.env, strings.Fields(tt.line)...)
			if err != nil && tt.fails == nil {
				t.Error(err)
			}
			errorContains(t, err, tt.fails...)
			contains(t, screen, tt.shows...)
		})
	}
}

// TestBacktest_Readme finds each flag in the README.
func TestBacktest_Readme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Backtest\n")
	section, _, _ = strings.Cut(section, "\n## ")
	cli{}.backtestCommand().Flags().VisitAll(func(flag *pflag.Flag) {
		if !strings.Contains(section, "`--"+flag.Name+"`") {
			t.Errorf("the README does not have --%s", flag.Name)
		}
	})
}

// TestBacktest_Live records what it reads, and replays it to the same report.
func TestBacktest_Live(t *testing.T) {
	fake := fakedatadog.New(fakedatadog.Options{})
	server := httptest.NewServer(fake)
	defer server.Close()
	for i := range 1050 {
		fake.AddEvent(fakedatadog.Event{
			Title: "[P1] [Triggered] Checkout is slow", Text: "ada@example.org @webhook-boomerang", AlertType: "error", MonitorID: 4711,
			DateHappened: time.Now().Add(-time.Duration(i+1) * time.Minute).Unix(), Tags: []string{"monitor", "service:checkout"},
		})
	}
	fake.AddEvent(fakedatadog.Event{Title: "x", DateHappened: time.Now().Add(-time.Minute).Unix(), Tags: []string{"boomerang", "playbook:checkout", "enrichment:none"}})
	env := map[string]string{"DATADOG_API_URL": server.URL, "DD_API_KEY": fakedatadog.DefaultAPIKey, "DD_APP_KEY": fakedatadog.DefaultAppKey}
	files := folder(t, map[string]string{"before.yaml": playbooksBefore, "after.yaml": playbooksAfter})
	line := []string{"backtest", "--base-playbooks", filepath.Join(files, "before.yaml"), "--playbooks", filepath.Join(files, "after.yaml"), "--output", "json"}
	recorded := filepath.Join(files, "recorded")
	live := mustInvoke(t, env, append(line, "--live", "--since", "3d", "--record", recorded)...)
	if byKeys := mustInvoke(t, env, append(line, "--since", "3d")...); !strings.Contains(byKeys, `"alerts": 1050`) {
		t.Errorf("with keys and without --live:\n%s", byKeys)
	}
	if _, err := invoke(t, with("LIVE", "no"), line...); err == nil || !strings.Contains(err.Error(), "say where the alerts are read") {
		t.Errorf("with keys and LIVE=no: %v", err)
	}
	if replayed := mustInvoke(t, nil, append(line, "--replay", recorded)...); replayed != live {
		t.Errorf("live:\n%s\nreplayed:\n%s", live, replayed)
	}
	var report backtest.Report
	if err := json.Unmarshal([]byte(live), &report); err != nil {
		t.Fatal(err)
	}
	if report.Alerts != 1050 || report.Read != 1051 || report.Changed != 1050 || len(report.Changes) != 2 || len(report.Changes[0].Examples) != 3 {
		t.Errorf("got %s", live)
	}
}
