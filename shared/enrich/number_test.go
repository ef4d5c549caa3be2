package enrich

import (
	"math"
	"testing"
)

func TestNumber(t *testing.T) {
	for _, tt := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0.9712, "s", "0.971 s"},
		{0.8, "second", "0.8 s"},
		{5012, "ms", "5.01 s"},
		{970, "ms", "970 ms"},
		{0.0012, "s", "1.2 ms"},
		{1e-7, "s", "0.1 µs"},
		{1234, "us", "1.23 ms"},
		{90, "s", "90 s"},
		{5400, "s", "90 min"},
		{-300, "s", "-5 min"},
		{400000, "s", "4.63 d"},
		{1288490188, "B", "1.2 GiB"},
		{512, "B", "512 B"},
		{1048576, "B/s", "1 MiB/s"},
		{0, "B", "0 B"},
		{93, "%", "93 %"},
		{0.934, "fraction", "93.4 %"},
		{99.956, "%", "100 %"},
		{12.3456, "req/s", "12.3 req/s"},
		{1234567, "", "1234567"},
		{999.7, "", "1000"},
		{0.93333, "", "0.933"},
		{1e-7, "", "1e-07"},
		{1e20, "", "1e+20"},
		{0, "", "0"},
		{-1500.4, "things", "-1500 things"},
		{math.MaxFloat64, "s", "1.8e+308 s"},
	} {
		if got := Number(tt.value, tt.unit, 3); got != tt.want {
			t.Errorf("%v %s: got %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
	if got := Number(99.956, "%", 6); got != "99.956 %" {
		t.Errorf("got %q", got)
	}
}
