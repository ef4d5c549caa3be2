package datadog

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// A frozen instance's monotonic clock may have stood still, so that neither an
// answer nor a rate limit would have grown older.
func TestReads_go_by_the_clock_on_the_wall(t *testing.T) {
	c := clientOver(t, answering(200, wholeAnswer, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"), keyring{})
	if err := operations["monitor"](t.Context(), c.Cached(time.Minute)); err != nil {
		t.Fatal(err)
	}
	times := slices.Collect(maps.Values(c.reads.limited))
	for _, k := range c.reads.kept {
		times = append(times, k.asked)
	}
	if len(times) != 2 {
		t.Fatalf("it keeps %v", times)
	}
	for _, at := range times {
		if strings.Contains(at.String(), " m=") {
			t.Errorf("%v holds a reading of the monotonic clock", at)
		}
	}
}
