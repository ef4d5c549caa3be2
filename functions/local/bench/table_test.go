package bench

import (
	"strings"
	"testing"
	"time"
)

// result is one in which every limit is kept, save what change spoils.
func result(change func(function *series, sizes map[string]size)) *Result {
	ms := func(n ...float64) []time.Duration {
		var all []time.Duration
		for _, one := range n {
			all = append(all, time.Duration(one*float64(time.Millisecond)))
		}
		return all
	}
	one := func(ready, first, own float64) *series {
		return &series{
			ready: ms(ready), first: ms(first), whole: ms(own + 20), own: ms(own), readyCPU: ms(ready), warmCPU: ms(own),
			calls: []float64{6}, peak: []int64{30e6},
		}
	}
	function := one(15, 20, 1.4)
	sizes := map[string]size{hello: {5e6, 2e6}, webhook: {14e6, 5e6}}
	change(function, sizes)
	return &Result{
		subjects: []subject{{name: hello}, {name: caller}, {name: webhook, posts: true}, {name: python, posts: true}},
		series: map[string]map[string]*series{
			hello: {usual.name: one(10, 0, 0.1)}, caller: {usual.name: one(10, 0, 1)},
			webhook: {usual.name: function, five.name: function}, python: {usual.name: one(400, 500, 3)},
		},
		sizes: sizes, rounds: 1, latency: 5 * time.Millisecond,
	}
}

func TestResult_Write_says_which_limit_is_missed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*series, map[string]size)
		missed string
	}{
		"none":        {func(*series, map[string]size) {}, ""},
		"ready":       {func(s *series, _ map[string]size) { s.ready[0] *= 2 }, "start to ready"},
		"first event": {func(s *series, _ map[string]size) { s.first[0] *= 10 }, "start to first event"},
		"own part":    {func(s *series, _ map[string]size) { s.own[0] *= 2 }, "the same, less that of hello"},
		"memory":      {func(s *series, _ map[string]size) { s.peak[0] = 41e6 }, "peak memory"},
		"zip":         {func(_ *series, sizes map[string]size) { sizes[webhook] = size{14e6, 7e6} }, "zip"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			result(c.change).Write(&out)
			var missed []string
			for line := range strings.Lines(out.String()) {
				// The own part as the doubles see it includes the way to them, on any machine.
				if strings.Contains(line, "MISSED") && !strings.HasPrefix(line, "own part, five steps") {
					missed = append(missed, line)
				}
			}
			if c.missed == "" && len(missed) > 0 || c.missed != "" && (len(missed) != 1 || !strings.HasPrefix(missed[0], c.missed)) {
				t.Errorf("missed are %q, want %q", missed, c.missed)
			}
		})
	}
}

func TestResult_Write_compares(t *testing.T) {
	var out strings.Builder
	result(func(*series, map[string]size) {}).Write(&out)
	fields := map[string]string{}
	for line := range strings.Lines(out.String()) {
		fields[strings.Join(strings.Fields(line), " ")] = line
	}
	for _, want := range []string{
		"cold: start to ready 10.00 ms 10.00 ms 15.00 ms 400.00 ms 1.50 × 0.04 ×",
		"cold: start to first event – – 20.00 ms 500.00 ms – 0.04 ×",
		"zip (arm64) 2.0 MB – 5.0 MB – 2.50 × –",
	} {
		if _, ok := fields[want]; !ok {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}

func TestQuantile(t *testing.T) {
	values := []time.Duration{5, 1, 4, 2, 3}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(values, share); got != want {
			t.Errorf("%v: got %d, want %d", share, got, want)
		}
	}
	if got := median([]int64{}); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}
