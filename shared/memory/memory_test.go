package memory

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// cycles returns cycles that began so many hours before noon, and lasted as many minutes.
func cycles(hours ...int) (all []Cycle) {
	for _, h := range hours {
		all = append(all, Cycle{Began: noon.Add(-time.Duration(h) * time.Hour), Lasted: time.Duration(h) * time.Minute, Notified: 1})
	}
	return all
}

func TestAdd(t *testing.T) {
	var many []int
	for h := range MaxCycles {
		many = append(many, MaxCycles+1-h)
	}
	one := Cycle{Began: noon.Add(-time.Hour), Lasted: 30 * time.Minute}
	for name, c := range map[string]struct{ known, more, want []Cycle }{
		"the first":            {nil, cycles(2), cycles(2)},
		"none":                 {nil, nil, nil},
		"in order":             {cycles(3), cycles(1, 2), cycles(3, 2, 1)},
		"again":                {cycles(3, 2), cycles(2), cycles(3, 2)},
		"again, with new data": {[]Cycle{one}, []Cycle{{Began: one.Began.Add(time.Second), Lasted: time.Hour, Recovered: true}}, []Cycle{one}},
		"right after another":  {[]Cycle{one}, []Cycle{{Began: one.End(), Lasted: 1}}, []Cycle{one, {Began: one.End(), Lasted: 1}}},
		"without a length":     {[]Cycle{{Began: noon}}, []Cycle{{Began: noon}}, []Cycle{{Began: noon}}},
		"too many":             {cycles(many...), cycles(1), cycles(append(many[1:], 1)...)},
		"older than all":       {cycles(many...), cycles(99), cycles(many...)},
		"too old":              {cycles(95*24, 3), cycles(2), cycles(3, 2)},
	} {
		before := cmp.Diff(cycles(many...), c.known) != ""
		if diff := cmp.Diff(c.want, Add(c.known, c.more...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if before != (cmp.Diff(cycles(many...), c.known) != "") {
			t.Errorf("%s: it changed what was known", name)
		}
	}
}

func TestOf(t *testing.T) {
	deploy, flag := enrich.Change{Kind: "deploy", Service: "cart"}, enrich.Change{Kind: "flag", Service: "cart"}
	followed := cycles(5, 4, 3, 2)
	followed[0].Followed, followed[1].Followed, followed[2].Followed = flag, deploy, enrich.Change{Kind: "deploy", Service: "Cart", Title: "x"}
	followed[1].Recovered = true
	minutes := func(all ...int) (lasted []time.Duration) {
		for _, m := range all {
			lasted = append(lasted, time.Duration(m)*time.Minute)
		}
		return lasted
	}
	var many []int
	for h := range MaxCycles {
		many = append(many, h+1)
	}
	for name, c := range map[string]struct {
		cycles []Cycle
		want   Memory
	}{
		"none":       {nil, Memory{}},
		"too recent": {[]Cycle{{Began: noon, Lasted: time.Hour}, {Began: noon.Add(-time.Hour), Lasted: time.Hour}}, Memory{}},
		"one":        {cycles(1), Memory{Count: 1, Days: 90, Median: 60, Longest: 60, Lasted: minutes(1)}},
		"an odd number": {
			cycles(3, 2, 1), Memory{Count: 3, Days: 30, Median: 120, Longest: 180, Lasted: minutes(1, 2, 3)},
		},
		"of two months, because there are few": {
			cycles(40*24, 3, 1), Memory{Count: 3, Days: 90, Median: 180, Longest: 40 * 24 * 60, Lasted: minutes(1, 3, 40*24)},
		},
		"of one month": {
			cycles(40*24, 3, 2, 1), Memory{Count: 3, Days: 30, Median: 120, Longest: 180, Lasted: minutes(1, 2, 3)},
		},
		"what they followed": {followed, Memory{
			Count: 4, Days: 30, Recovered: 1, Median: 210, Longest: 300, Lasted: minutes(2, 3, 4, 5),
			Followed: []Followed{{"deploy", "cart", 2}, {"flag", "cart", 1}},
		}},
	} {
		if diff := cmp.Diff(c.want, Of(c.cycles, noon)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if m := Of(cycles(many...), noon); m.Count != MaxCycles || !m.AtLeast || !strings.HasPrefix(m.Compare(3*time.Minute, true), "Longer than 2 of 32 before") || !strings.HasPrefix(m.Compare(time.Hour, true), "Longer than 32 of 32 before") {
		t.Errorf("got %+v", m)
	}
}

func TestKey(t *testing.T) {
	for _, c := range []struct {
		alert alert.Alert
		want  string
	}{
		{alert.Alert{OrgID: "1", Scope: "host:a"}, ""},
		{alert.Alert{OrgID: "1", MonitorID: "7"}, "1:7:"},
		{alert.Alert{OrgID: "1", MonitorID: "7", Scope: "*"}, "1:7:"},
		{alert.Alert{MonitorID: "7", Scope: "host:a, env:prod"}, ":7:env:prod,host:a"},
		{alert.Alert{MonitorID: "7", Scope: "env:prod,host:a", Hostname: "a"}, ":7:env:prod,host:a"},
		{alert.Alert{MonitorID: "7", Scope: "*", Hostname: "a"}, ":7:host:a"},
	} {
		if got := Key(c.alert); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.alert, got, c.want)
		}
	}
}

func TestMemory_Precedents(t *testing.T) {
	m := Memory{Count: 9, Followed: []Followed{{"deploy", "cart", 3}}}
	if diff := cmp.Diff([]enrich.Precedent{{Kind: "deploy", Service: "cart", Times: 3, Of: 9}}, m.Precedents()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkOf(b *testing.B) {
	var many []int
	for h := range MaxCycles {
		many = append(many, MaxCycles-h)
	}
	known := cycles(many...)
	for b.Loop() {
		if Of(Add(known, Cycle{Began: noon}), noon).Count == 0 {
			b.Fatal("nothing is known")
		}
	}
}
