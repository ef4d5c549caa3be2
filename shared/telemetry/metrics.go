package telemetry

// The metrics. The tests hold the tables in the documents to this one.
var (
	Received = Metric{"boomerang.received", "request", "requests to the webhook, without health checks", nil}
	Rejected = Metric{
		"boomerang.rejected", "request", "requests answered with an error; `temporary`, `unverified` and `internal` are answered 503", []string{"reason"},
	}
	Posted             = Metric{"boomerang.posted", "event", "events posted to Datadog, without follow-ups", []string{"enrichment", "playbook", "transition"}}
	Duplicate          = Metric{"boomerang.duplicate", "alert", "alerts that were posted before", nil}
	Queued             = Metric{"boomerang.queued", "alert", "alerts queued by the webhook, because of `intake` or a kind of failure", []string{"reason"}}
	Coalesced          = Metric{"boomerang.coalesced", "alert", "alerts suppressed in a storm, for its summary", []string{"playbook"}}
	FollowUp           = Metric{"boomerang.follow_up", "event", "follow-ups by their end: `posted`, `duplicate`, the cycle `recovered` or had a `newer` notification, the alert has `no_event`, the queue did not accept it (`unsent`), or too many alerts of the monitor have some (`limited`)", []string{"playbook", "result"}}
	Reconciled         = Metric{"boomerang.reconciled", "alert", "alerts that never arrived and that reconcile queued", nil}
	Undecided          = Metric{"boomerang.undecided", "alert", "alerts in a run of reconcile that a notification rule may have routed here, because of a `rule` or since the `list` of rules failed", []string{"reason"}}
	StepDuration       = Metric{"boomerang.step.duration", "second", "duration of a step", []string{"step", "status"}}
	Action             = Metric{"boomerang.action", "step", "steps of `then` that were `queued` because they failed for now, `done` or `skipped` from the queue, `refused`, or moved to the dead-letter queue (`dead_letter`)", []string{"result", "playbook", "step"}}
	Truncated          = Metric{"boomerang.truncated", "event", "events shortened to Datadog's limits", []string{"playbook"}}
	Delay              = Metric{"boomerang.delay", "second", "time from the alert's date to its event", nil}
	Recovery           = Metric{"boomerang.recovery", "second", "duration of the alert's cycle, at its recovery", []string{"playbook"}}
	RateLimitRemaining = Metric{"boomerang.ratelimit.remaining", "request", "requests that Datadog's rate limit still allows in its period", []string{"limit"}}
)

// Metrics are all metrics.
var Metrics = []Metric{
	Received, Rejected, Posted, Duplicate, Queued, Coalesced, FollowUp, Reconciled, Undecided, StepDuration, Action, Truncated, Delay, Recovery, RateLimitRemaining,
}
