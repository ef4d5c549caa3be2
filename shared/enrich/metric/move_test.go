package metric

import (
	"math"
	"testing"
	"time"

	"boomerang/shared/datadog"
)

func TestMoveOf(t *testing.T) {
	start := time.Date(2026, time.March, 12, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		value  func(minute float64) float64
		at     float64 // Minutes; negative for no move.
		within float64
		sudden bool
	}{
		"flat":                     {func(float64) float64 { return 7 }, -1, 0, false},
		"zero":                     {func(float64) float64 { return 0 }, -1, 0, false},
		"jump":                     {steps(1, 150, 9), 150, 0, true},
		"jump down":                {steps(900, 170, 30), 170, 0, true},
		"jump at the end":          {steps(1, 179, 9), 179, 0, true},
		"jump from zero":           {steps(0, 160, 1), 160, 0, true},
		"second jump":              {func(m float64) float64 { return steps(1, 30, 0.5)(m) + steps(0, 165, 9)(m) }, 165, 0, true},
		"jump at the end of a day": {func(m float64) float64 { return 100 + m/6 + steps(0, 170, 200)(m) }, 170, 0, true},
		"climb":                    {func(m float64) float64 { return 5 + max(0, m-140) }, 140, 3, false},
		"climb of hours":           {func(m float64) float64 { return 5 + max(0, m-60) }, 60, 3, false},
		"within its noise":         {func(m float64) float64 { return 5 + 3*math.Sin(m*1.7) }, -1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var points []datadog.Point
			for minute := 0.0; minute <= 180; minute++ {
				points = append(points, datadog.Point{Time: start.Add(time.Duration(minute) * time.Minute), Value: tt.value(minute) * (1 + 0.02*math.Sin(minute))})
			}
			got := moveOf(points)
			if tt.at < 0 {
				if !got.At.IsZero() {
					t.Errorf("got %+v, want no move", got)
				}
				return
			}
			if off := got.At.Sub(start).Minutes() - tt.at; math.Abs(off) > tt.within || got.Sudden != tt.sudden {
				t.Errorf("%+v is %v minutes off", got, off)
			}
		})
	}
	if got := moveOf(nil); got != (Move{}) {
		t.Errorf("without points: %+v", got)
	}
}

func steps(before, at, after float64) func(float64) float64 {
	return func(minute float64) float64 {
		if minute >= at {
			return after
		}
		return before
	}
}
