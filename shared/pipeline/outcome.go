package pipeline

import (
	"time"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

// Status says how a run ended; the answer carries it.
type Status string

// The ways a run ends well.
const (
	Posted    Status = "posted"
	Duplicate Status = "duplicate"
	Ignored   Status = "ignored"
	DryRun    Status = "dry_run"
	Queued    Status = "queued"
)

// Outcome is what became of an alert.
type Outcome struct {
	Status   Status
	Reason   string        // why it was ignored or queued, for people
	Why      string        // why it was queued, in a word: "intake", "storm", or the kind of fault
	Posted   event.Posted  // for Posted and Duplicate
	PostedAt time.Time     // when Datadog had taken the event, for Posted
	Event    event.Request // what was, or would have been, posted: its JSON is the request's body
	Playbook string
	Steps    []enrich.Result
	Cycle    event.Cycle // how the alert's cycle went, where the ledger told
	// Tried says of an alert that is not done that this run, or one before it, may have
	// posted its event.
	Tried bool
	// Warnings went wrong without changing the outcome. They are for the log.
	Warnings []error
}

func ignored() Outcome {
	return Outcome{Status: Ignored, Reason: "this is an event that Boomerang itself posted (tag boomerang); answering it would never end"}
}

func (o *Outcome) warn(warnings ...error) {
	for _, w := range warnings {
		if w != nil {
			o.Warnings = append(o.Warnings, w)
		}
	}
}
