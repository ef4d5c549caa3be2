package backtest_test

import (
	"testing"

	"boomerang/functions/local/backtest"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		text   string
		n, all int
		want   bool
	}{
		{"0", 0, 10, false},
		{"0", 1, 10, true},
		{"5", 5, 10, false},
		{"5", 6, 10, true},
		{"50%", 5, 10, false},
		{"50%", 6, 10, true},
		{" 2.5 %", 25, 1000, false},
		{"2.5%", 26, 1000, true},
		{"0%", 0, 0, false},
	} {
		exceeded, err := backtest.ParseLimit(tt.text)
		if err != nil || exceeded(tt.n, tt.all) != tt.want {
			t.Errorf("%s: %d of %d: %v", tt.text, tt.n, tt.all, err)
		}
	}
	for _, text := range []string{"", "%", "-1", "1.5", "101%", "many", "NaN", "NaN%", "Inf"} {
		if _, err := backtest.ParseLimit(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
