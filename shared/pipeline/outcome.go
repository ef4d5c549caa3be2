package pipeline

import (
	"context"
	"slices"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/playbook"
	"boomerang/shared/telemetry"
)

// Status says how a run ended. The webhook's answer carries it.
type Status string

// The ways a run ends well.
const (
	Posted    Status = "posted"
	Duplicate Status = "duplicate"
	Ignored   Status = "ignored"
	DryRun    Status = "dry_run"
	Queued    Status = "queued"
	Acted     Status = "acted" // of a message that asks for an action
)

// The causes for queueing an alert besides the kinds of fault.
const (
	causeIntake = "intake"
	causeStorm  = "storm"
	// causeFollowUp is that of a follow-up that waits.
	causeFollowUp = "follow_up"
)

// The causes for ignoring a follow-up.
const (
	causeRecovered = "recovered"
	causeNewer     = "newer"
	causeNoEvent   = "no_event"
)

// Outcome is the result of a run.
type Outcome struct {
	Status   Status
	Cause    string        // for Queued: "intake", "storm" or the kind of fault
	Detail   string        // for Ignored and Queued: the reason, for people
	Posted   event.Posted  // for Posted and Duplicate
	PostedAt time.Time     // for Posted: when Datadog accepted the event
	Event    event.Request // what was, or would have been, posted: its JSON is the request's body
	Playbook string
	Steps    []enrich.Result
	Actions  []ActionResult // those that were not done at once
	Cycle    event.Cycle
	// FollowUps are the times of the follow-ups that were scheduled, or would have been, and
	// FollowUp is set if the event is one.
	FollowUps []time.Duration
	FollowUp  *event.FollowUp
	// unsent counts the follow-ups that the queue did not accept, and limited those that too
	// many others of the monitor left out.
	unsent, limited int
	isFailure       bool // the event's type says that something fails
	// MaybePosted says of an alert that is not done that this attempt, or an earlier one,
	// may have posted its event.
	MaybePosted bool
	// PlaybookWarnings are for people: templates that failed, and texts that Datadog does not know.
	PlaybookWarnings []string
	// Warnings are for the log: failures that did not change the status.
	Warnings []error
}

func ignored() Outcome {
	return Outcome{Status: Ignored, Detail: "Boomerang posted this event itself (tag boomerang); enriching it would never end"}
}

func (o *Outcome) warn(warnings ...error) {
	for _, w := range warnings {
		if w != nil {
			o.Warnings = append(o.Warnings, w)
		}
	}
}

func (o *Outcome) ignore(cause, detail string) { o.Status, o.Cause, o.Detail = Ignored, cause, detail }

func (o *Outcome) addPlan(plan *playbook.Plan) {
	o.Playbook = plan.Name()
	o.warn(plan.Warnings...)
}

func (o *Outcome) addHistory(h history, err error) {
	o.Cycle.Earlier = h.Memory
	o.warn(err)
}

// addCycle adds what the ledger knows of the alert's cycle. Of a recovery whose trigger it
// does not know, such as one without a cycle key, the steps may know the begin.
func (o *Outcome) addCycle(a alert.Alert, cycle func() (event.Cycle, error)) {
	c, err := cycle()
	if a.Transition.IsRecovery() && c.Notified < 2 && !a.Date.IsZero() {
		for _, s := range o.Steps {
			if began := s.Finding.Began; !began.IsZero() && began.Before(a.Date) {
				c.Began, c.Lasted = began, a.Date.Sub(began)
			}
		}
	}
	o.Cycle.Began, o.Cycle.Lasted, o.Cycle.Notified = c.Began, c.Lasted, c.Notified
	if c.Lasted > 0 && a.Transition.IsRecovery() {
		o.Cycle.Meanwhile = changedBetween(o.Steps, c.Began, c.Began.Add(c.Lasted))
	}
	o.warn(err)
}

func (o *Outcome) addKept(kept ledger.Kept, err error) {
	o.Cycle.Kept, o.Cycle.Pending = kept.Texts, kept.Pending
	o.warn(err)
}

// HasOpenActions reports whether an action was not done: it is queued, refused or given up.
func (o Outcome) HasOpenActions() bool {
	return slices.ContainsFunc(o.Actions, func(a ActionResult) bool { return a.Result != actionDone && a.Result != actionSkipped })
}

func (o Outcome) measure(ctx context.Context, a alert.Alert) {
	for _, s := range o.Steps {
		telemetry.StepDuration.Record(ctx, s.Duration.Seconds(), s.Name, string(s.Status))
	}
	for result, n := range map[string]int{"unsent": o.unsent, "limited": o.limited} {
		if n > 0 {
			telemetry.FollowUp.Record(ctx, float64(n), o.Playbook, result)
		}
	}
	if o.FollowUp != nil {
		o.measureFollowUp(ctx)
		return
	}
	for _, one := range o.Actions {
		telemetry.Action.Record(ctx, 1, one.Result, one.Playbook, one.Step)
	}
	switch o.Status {
	case Duplicate:
		telemetry.Duplicate.Record(ctx, 1)
	case Queued:
		if o.Cause == causeStorm {
			telemetry.Coalesced.Record(ctx, 1, o.Playbook)
		} else {
			telemetry.Queued.Record(ctx, 1, o.Cause)
		}
	case Posted:
		o.measurePosted(ctx, a)
	case Ignored, DryRun, Acted:
	}
}

// measureFollowUp counts how a follow-up ended, which is none of the other metrics of alerts.
func (o Outcome) measureFollowUp(ctx context.Context) {
	switch o.Status {
	case Posted, Duplicate:
		telemetry.FollowUp.Record(ctx, 1, o.Playbook, string(o.Status))
	case Ignored:
		telemetry.FollowUp.Record(ctx, 1, o.Playbook, o.Cause)
	case Queued, DryRun: // It waits.
	}
}

func (o Outcome) measurePosted(ctx context.Context, a alert.Alert) {
	telemetry.Posted.Record(ctx, 1, event.Enrichment(o.Event), o.Playbook, transitionOf(a))
	if event.Omissions(o.Event) != "" {
		telemetry.Truncated.Record(ctx, 1, o.Playbook)
	}
	if !a.Date.IsZero() {
		// Clocks differ: an event cannot be older than its alert.
		telemetry.Delay.Record(ctx, max(0, o.PostedAt.Sub(a.Date).Seconds()))
	}
	if a.Transition.IsRecovery() && o.Cycle.Lasted > 0 {
		telemetry.Recovery.Record(ctx, o.Cycle.Lasted.Seconds(), o.Playbook)
	}
}
