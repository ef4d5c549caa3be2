package bench

import (
	"slices"
	"time"
)

// series are the samples of one subject at one shape.
type series struct {
	ready, first, whole, own []time.Duration
	readyCPU, warmCPU        []time.Duration
	calls                    []float64
	peak                     []int64
}

func (s *series) add(taken sample) {
	s.ready, s.first = append(s.ready, taken.ready), append(s.first, taken.first)
	s.whole, s.own = append(s.whole, taken.whole...), append(s.own, taken.own...)
	s.readyCPU, s.warmCPU = append(s.readyCPU, taken.readyCPU), append(s.warmCPU, taken.warmCPU)
	s.calls, s.peak = append(s.calls, taken.calls), append(s.peak, taken.peak)
}

// quantile returns the value below which the given share of all values is.
func quantile[T int64 | float64 | time.Duration](values []T, share float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

func median[T int64 | float64 | time.Duration](values []T) T { return quantile(values, 0.5) }
