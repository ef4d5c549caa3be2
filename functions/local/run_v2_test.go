package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/report"
)

func TestRun_shows_an_alert_of_the_v2_API(t *testing.T) {
	path := filepath.Join(t.TempDir(), "playbooks.yaml")
	if err := os.WriteFile(path, []byte("playbooks:\n  - name: alerts\n    steps: [{uses: monitor}]\n    event: {api: v2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PLAYBOOKS_FILE", path)
	var screen bytes.Buffer
	if err := run(t.Context(), report.New(&screen), "../../events/torq-payload.json"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"The event in Datadog (POST /api/v2/events)", "status           error", "runbook          ", "custom.monitor   {", "playbook:alerts", "│ **Triggered",
	} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("it does not show %q: %s", want, screen.String())
		}
	}
}
