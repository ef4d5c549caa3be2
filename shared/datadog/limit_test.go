package datadog

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestClient_RecordRateLimit(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header []string
		want   []string
	}{
		"an answer":          {http.StatusAccepted, []string{"X-RateLimit-Remaining", "41", "X-RateLimit-Name", "events_v1"}, []string{"boomerang.ratelimit.remaining:41|d|#limit:events_v1"}},
		"a refusal":          {http.StatusTooManyRequests, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Name", "events_v1"}, []string{"boomerang.ratelimit.remaining:0|d|#limit:events_v1"}},
		"without a name":     {http.StatusAccepted, []string{"X-RateLimit-Remaining", "41"}, []string{"boomerang.ratelimit.remaining:41|d"}},
		"without the header": {http.StatusAccepted, nil, nil},
		"words":              {http.StatusAccepted, []string{"X-RateLimit-Remaining", "many"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			client := clientOver(t, answering(c.status, `{"event":{"id":1}}`, c.header...), keyring{})
			e := telemetrytest.During(t, func(ctx context.Context) {
				if _, err := client.Create(ctx, event.Event{Title: "x"}); (err != nil) != (c.status != http.StatusAccepted) {
					t.Error(err)
				}
			})
			if diff := cmp.Diff(c.want, e.Lines(t)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}
