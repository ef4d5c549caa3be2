package handler_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry/telemetrytest"
)

func TestHandler_measures_what_it_brought_back(t *testing.T) {
	w := newWorld(t)
	w.fires(20 * time.Minute)
	w.fires(30 * time.Minute)
	for _, want := range [][]string{{"boomerang.reconciled:2|d"}, {}} {
		e := telemetrytest.During(t, func(ctx context.Context) {
			if err := w.handler.Handle(ctx); err != nil {
				t.Error(err)
			}
		})
		got := slices.DeleteFunc(e.Lines(t), func(line string) bool { return strings.HasPrefix(line, "boomerang.ratelimit") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	}
}
