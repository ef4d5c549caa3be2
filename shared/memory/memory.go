// Package memory is what is known of the earlier alert cycles of a monitor's group: how
// often it failed, for how long, and what came before.
package memory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

const (
	// MaxCycles is how many cycles are remembered. With them an item of the ledger has some
	// 2 KB.
	MaxCycles = 32
	// MaxAge is how long a cycle is remembered.
	MaxAge = 90 * 24 * time.Hour
)

// Cycle is an alert cycle that is over.
type Cycle struct {
	Began  time.Time
	Lasted time.Duration
	// Notified counts the notifications before the recovery; 0 if that is unknown.
	Notified int
	// Recovered says that it recovered by itself: no person resolved it, and no step saw a
	// change shortly before it recovered. False means no, or that it is not known.
	Recovered bool
	// Followed is what was suspected first; zero if nothing was.
	Followed enrich.Change
}

// End is when the cycle ended.
func (c Cycle) End() time.Time { return c.Began.Add(c.Lasted) }

// overlaps reports whether two cycles are one, because a group has one cycle at a time.
func (c Cycle) overlaps(other Cycle) bool {
	return c.Began.Equal(other.Began) || c.Began.Before(other.End()) && other.Began.Before(c.End())
}

// Add returns the cycles with more, the oldest first. A cycle that is there already is not
// added again. Of too many or too old cycles the oldest are left out.
func Add(cycles []Cycle, more ...Cycle) []Cycle {
	all := slices.Clone(cycles)
	for _, c := range more {
		if !slices.ContainsFunc(all, c.overlaps) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Cycle) int { return a.Began.Compare(b.Began) })
	all = all[max(0, len(all)-MaxCycles):]
	if len(all) == 0 {
		return nil
	}
	oldest := all[len(all)-1].End().Add(-MaxAge)
	return slices.DeleteFunc(all, func(c Cycle) bool { return c.End().Before(oldest) })
}

// Key names a monitor's group among all others. It is empty for an alert that names no
// monitor. The group is that of the payload or of the event stream, which sort its tags
// differently.
func Key(a alert.Alert) string {
	if a.MonitorID == "" {
		return ""
	}
	group := a.Scopes()
	slices.Sort(group)
	if len(group) == 0 && a.Hostname != "" {
		group = alert.Tags{"host:" + a.Hostname}
	}
	return a.OrgID + ":" + a.MonitorID + ":" + strings.Join(group, ",")
}

// Memory is what earlier cycles say, for people and for playbooks. It is zero if none is
// known.
type Memory struct {
	Count     int        `json:"count"`    // Cycles of the last Days that are over.
	AtLeast   bool       `json:"at_least"` // There were more, and they are forgotten.
	Days      int        `json:"days"`
	Recovered int        `json:"recovered"` // By themselves.
	Median    float64    `json:"median"`    // Seconds.
	Longest   float64    `json:"longest"`   // Seconds.
	Followed  []Followed `json:"followed"`  // The most frequent first.
	// Lasted is how long each lasted, the shortest first.
	Lasted []time.Duration `json:"-"`
}

// Followed says how many cycles followed such a change.
type Followed struct {
	Kind    string `json:"kind"`
	Service string `json:"service"`
	Count   int    `json:"count"`
}

// minCycles is how many cycles it takes to say what is usual.
const minCycles = 3

// Of returns what the cycles say that ended before a time: those of 30 days, or of 90 if
// there are too few.
func Of(cycles []Cycle, before time.Time) Memory {
	var m Memory
	for _, days := range []int{30, 90} {
		known := slices.DeleteFunc(slices.Clone(cycles), func(c Cycle) bool {
			return !c.End().Before(before) || before.Sub(c.Began) > time.Duration(days)*24*time.Hour
		})
		if m = of(known, days); m.Count >= minCycles {
			break
		}
	}
	if m.Count == 0 {
		return Memory{}
	}
	return m
}

func of(cycles []Cycle, days int) Memory {
	m := Memory{Count: len(cycles), AtLeast: len(cycles) >= MaxCycles, Days: days}
	for _, c := range cycles {
		m.Lasted = append(m.Lasted, c.Lasted)
		if c.Recovered {
			m.Recovered++
		}
		m.follow(c.Followed)
	}
	slices.Sort(m.Lasted)
	slices.SortStableFunc(m.Followed, func(a, b Followed) int { return cmp.Compare(b.Count, a.Count) })
	if n := len(m.Lasted); n > 0 {
		m.Median, m.Longest = ((m.Lasted[(n-1)/2] + m.Lasted[n/2]) / 2).Seconds(), m.Lasted[n-1].Seconds()
	}
	return m
}

func (m *Memory) follow(c enrich.Change) {
	if c.Kind == "" {
		return
	}
	i := slices.IndexFunc(m.Followed, func(f Followed) bool { return f.Kind == c.Kind && strings.EqualFold(f.Service, c.Service) })
	if i < 0 {
		m.Followed = append(m.Followed, Followed{c.Kind, c.Service, 1})
		return
	}
	m.Followed[i].Count++
}

// Precedents are what cycles followed, for the steps.
func (m Memory) Precedents() []enrich.Precedent {
	all := make([]enrich.Precedent, len(m.Followed))
	for i, f := range m.Followed {
		all[i] = enrich.Precedent{Kind: f.Kind, Service: f.Service, Times: f.Count, Of: m.Count}
	}
	return all
}
