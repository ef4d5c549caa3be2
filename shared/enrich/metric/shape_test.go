package metric

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestShapeOf(t *testing.T) {
	ramp := make([]float64, 60)
	for i := range ramp {
		ramp[i] = float64(i)
	}
	down := slices.Clone(ramp)
	slices.Reverse(down)
	for name, tt := range map[string]struct {
		values []float64
		want   Trend
		at     time.Duration // Of a jump, before noon.
	}{
		"few points":             {values: []float64{1, 9, 1}},
		"constant":               {values: []float64{5, 5, 5, 5}, want: Steady},
		"constant zero":          {values: []float64{0, 0, 0, 0}, want: Steady},
		"small range":            {values: []float64{100, 101, 100, 101}, want: Steady},
		"jump up":                {values: []float64{1, 1.2, 0.9, 1, 8, 8.1, 7.9}, want: Jump, at: 2 * time.Minute},
		"jump down":              {values: []float64{8, 8.1, 7.9, 1, 1.2, 0.9, 1}, want: Jump, at: 3 * time.Minute},
		"jump at the last point": {values: []float64{1, 1.1, 0.9, 1, 9}, want: Jump, at: 0},
		"line up":                {values: ramp, want: Rising},
		"line down":              {values: down, want: Falling},
		"spike":                  {values: []float64{1, 1, 1, 1, 9, 1, 1, 1, 1}, want: Uneven},
		"oscillation":            {values: []float64{1, 5, 1, 5, 1, 5, 1, 5}, want: Uneven},
		"huge numbers":           {values: []float64{math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64, 1, 0}, want: Uneven},
	} {
		t.Run(name, func(t *testing.T) {
			got := shapeOf(points(tt.values...))
			if got.trend != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
			if want := noon.Add(-tt.at); tt.want == Jump && !got.at.Equal(want) {
				t.Errorf("jumped at %v, want %v", got.at, want)
			}
		})
	}
}

func TestSparkline(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   string
	}{
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, "▁▂▃▄▅▆▇█"},
		{[]float64{7}, "▁"},
		{[]float64{-2, -2}, "▁▁"},
		{[]float64{-math.MaxFloat64, 0, math.MaxFloat64}, "▁▅█"},
	} {
		if got := sparkline(points(tt.values...)); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.values, got, tt.want)
		}
	}
	many := make([]float64, 1000)
	for i := range many {
		many[i] = float64(i / 500)
	}
	if got, want := sparkline(points(many...)), strings.Repeat("▁", 16)+strings.Repeat("█", 16); got != want {
		t.Errorf("a thousand points: got %s, want %s", got, want)
	}
}
