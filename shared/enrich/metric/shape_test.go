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
		at     time.Duration // Before noon, of a jump.
	}{
		"too_few":                            {values: []float64{1, 9, 1}},
		"the_same_all_the_time":              {values: []float64{5, 5, 5, 5}, want: Steady},
		"nothing_all_the_time":               {values: []float64{0, 0, 0, 0}, want: Steady},
		"within_a_hundredth":                 {values: []float64{100, 101, 100, 101}, want: Steady},
		"up_at_once":                         {values: []float64{1, 1.2, 0.9, 1, 8, 8.1, 7.9}, want: Jump, at: 2 * time.Minute},
		"down_at_once":                       {values: []float64{8, 8.1, 7.9, 1, 1.2, 0.9, 1}, want: Jump, at: 3 * time.Minute},
		"up_with_the_last_point":             {values: []float64{1, 1.1, 0.9, 1, 9}, want: Jump, at: 0},
		"a_line_up":                          {values: ramp, want: Rising},
		"a_line_down":                        {values: down, want: Falling},
		"a_spike_that_was_over":              {values: []float64{1, 1, 1, 1, 9, 1, 1, 1, 1}, want: Uneven},
		"up_and_down":                        {values: []float64{1, 5, 1, 5, 1, 5, 1, 5}, want: Uneven},
		"numbers_too_large_to_be_multiplied": {values: []float64{math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64, 1, 0}, want: Uneven},
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

func TestNumber(t *testing.T) {
	for _, tt := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0, "", "0"},
		{0.93333, "", "0.9333"},
		{12.5, "%", "12.5%"},
		{1234567, "B", "1234567 B"},
		{-1500.4, "ms", "-1500 ms"},
		{1e-7, "s", "1e-07 s"},
		{1e20, "", "1e+20"},
	} {
		if got := number(tt.value, tt.unit); got != tt.want {
			t.Errorf("%v %s: got %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Hour: "1h", 5 * time.Minute: "5m", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s", 720 * time.Hour: "720h", 10 * time.Minute: "10m", 20 * time.Second: "20s"} {
		if got := words(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
