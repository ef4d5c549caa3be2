package ledger

import (
	"strings"
	"time"

	"boomerang/shared/event"
)

// The values of a record's status, in Powertools' words.
const (
	statusInProgress = "INPROGRESS"
	statusCompleted  = "COMPLETED"
)

// record is what the ledger holds about one alert.
type record struct {
	Status          string
	ClaimedBy       string       // while in progress: the process and the number of its claim
	InProgressUntil int64        // while in progress: epoch milliseconds
	Posted          event.Posted // when completed
	ExpiresAt       int64        // epoch seconds, which is what DynamoDB's TTL wants
}

func inProgress(claim string, until, expires time.Time) record {
	return record{
		Status:          statusInProgress,
		ClaimedBy:       claim,
		InProgressUntil: until.UnixMilli(),
		ExpiresAt:       expires.Unix(),
	}
}

// ended is when an abandoned claim ended: before any time that there is.
const ended = 0

func completed(posted event.Posted, expires time.Time) record {
	return record{Status: statusCompleted, Posted: posted, ExpiresAt: expires.Unix()}
}

// void reports whether the record no longer stands in the way of a claim. It is
// the same rule as claimCondition; time decides and not the record's presence,
// because DynamoDB's TTL deletes up to days late.
func (r record) void(now time.Time) bool {
	if r.ExpiresAt < now.Unix() {
		return true
	}
	return r.Status == statusInProgress && r.InProgressUntil < now.UnixMilli()
}

// answer is what someone who finds the record in the way is told. A record that
// ended while the question was on its way is still busy, but only until now:
// whoever comes back is granted the alert, and nobody is told that an alert is
// done on the word of a record that has expired.
func (r record) answer(now time.Time) Claim {
	switch {
	case r.void(now):
		return Claim{State: Busy, Until: now}
	case r.Status == statusCompleted:
		return Claim{State: Done, Posted: r.Posted}
	default:
		return Claim{State: Busy, Until: time.UnixMilli(r.InProgressUntil).UTC()}
	}
}

// heldBy reports whether the record is the unfinished claim of a process.
func (r record) heldBy(process string) bool {
	return r.Status == statusInProgress && strings.HasPrefix(r.ClaimedBy, process)
}
