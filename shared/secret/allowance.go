package secret

import "time"

const (
	refreshBurst = 5
	refreshEvery = 5 * time.Second
)

// allowance grants refreshBurst requests at once and one more every
// refreshEvery. Its value is the time at which it is full again.
type allowance struct{ full time.Time }

func (a *allowance) take(now time.Time) bool {
	if a.full.After(now.Add((refreshBurst - 1) * refreshEvery)) {
		return false
	}
	if a.full.Before(now) {
		a.full = now
	}
	a.full = a.full.Add(refreshEvery)
	return true
}
