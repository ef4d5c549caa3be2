package enrich

import "cmp"

// Standing is how the alert stands at the time of a step, for a later comparison. What the
// step does not know is zero.
type Standing struct {
	// State is Datadog's word for the group that alerted: "Alert", "OK".
	State string `json:"state,omitempty"`
	// Failing counts the failing groups of all Groups of the monitor.
	Failing int `json:"failing,omitempty"`
	Groups  int `json:"groups,omitempty"`
	// Value is that of the alert's metric, in a unit of Datadog's.
	Value *float64 `json:"value,omitempty"`
	Unit  string   `json:"unit,omitempty"`
}

// StandingOf returns what the findings know together, the first of each.
func StandingOf(results []Result) (all Standing) {
	for _, r := range results {
		s := r.Finding.Standing
		all.State = cmp.Or(all.State, s.State)
		if all.Groups == 0 {
			all.Failing, all.Groups = s.Failing, s.Groups
		}
		if all.Value == nil {
			all.Value, all.Unit = s.Value, s.Unit
		}
	}
	return all
}
