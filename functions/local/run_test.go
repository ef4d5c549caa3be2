package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/report"
)

func TestRun_shows_the_answer_and_the_event(t *testing.T) {
	var screen bytes.Buffer
	if err := run(t.Context(), report.New(&screen), "../../events/torq-payload.json"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"200 OK", `"status": "posted"`, "The event in Datadog", "aggregation_key", "enrichment:complete",
		"Checkout p95 latency is high", "deploy · [Deployed checkout 4.2.1", "critical 0.8, warning 0.6", "＠webhook-boomerang",
	} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("it does not show %q", want)
		}
	}
	if strings.Contains(screen.String(), "\x1b[") {
		t.Error("colour went to something that is no terminal")
	}
}

func TestRun_fails_when_no_event_was_posted(t *testing.T) {
	var screen bytes.Buffer
	if err := run(t.Context(), report.New(&screen), "../../events/wrong-token.json"); err == nil || !strings.Contains(screen.String(), "401 Unauthorized") {
		t.Errorf("%v, and it shows %s", err, screen.String())
	}
}

func TestCommand_tells_how_it_is_used(t *testing.T) {
	for _, args := range [][]string{nil, {"fly"}, {"run"}, {"serve", "a", "b"}} {
		if err := command(t.Context(), args); err == nil || !strings.Contains(err.Error(), "Usage:") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := command(t.Context(), []string{"run", filepath.Join(t.TempDir(), "none.json")}); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func TestOpen_asks_for_keys_before_it_goes_live(t *testing.T) {
	t.Setenv("LIVE", "1")
	t.Setenv("DD_API_KEY", "")
	if err := run(t.Context(), report.New(&bytes.Buffer{}), "../../events/torq-payload.json"); err == nil || !strings.Contains(err.Error(), "DD_API_KEY") {
		t.Errorf("got %v", err)
	}
}
