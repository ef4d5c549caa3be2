package enrich

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestRun_traces_each_step_to_its_end(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	neverEnds := step("deaf", func(context.Context) (Finding, error) { <-release; return Finding{}, nil })
	neverEnds.Timeout = 50 * time.Millisecond
	steps := []Named{
		finds("found", 0),
		fails("refused", fault.New(fault.Permanent, "Datadog refused", nil)),
		fails("skipped", Skip("the alert names no monitor")),
		breaks("broken", "words"),
		neverEnds,
	}
	e := telemetrytest.During(t, func(ctx context.Context) { Run(ctx, steps, alert.Alert{}, time.Minute) })
	spans := e.Spans(t)
	for name, want := range map[string]map[string]string{
		"found":   {"status": "ok"},
		"refused": {"status": "failed", "error.type": "refused", "error.message": "Datadog refused"},
		"skipped": {"status": "skipped"},
		"broken":  {"status": "failed", "error.type": "internal", "error.message": "the step broken broke; the log says where"},
		"deaf":    {"status": "timeout", "error.type": "temporary"},
	} {
		s := spans[name]
		if name == "deaf" {
			delete(s.Meta, "error.message") // It says how long that was.
		}
		if diff := cmp.Diff(want, s.Meta); diff != "" || s.Error != (want["error.type"] != "") || s.Name != "boomerang.step" {
			t.Errorf("the span of %s is %+v, its tags (-want +got):\n%s", name, s, diff)
		}
	}
}
