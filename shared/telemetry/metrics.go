package telemetry

// The metrics. metrics.md is this table for people.
var (
	Received = Metric{"boomerang.received", "request", "requests to the webhook, health checks left out", nil}
	Rejected = Metric{
		"boomerang.rejected", "request", "requests that were answered with an error: the caller's mistakes, and `temporary` and `internal` for 503", []string{"reason"},
	}
	Posted             = Metric{"boomerang.posted", "event", "events that Datadog took", []string{"enrichment", "playbook", "transition"}}
	Duplicate          = Metric{"boomerang.duplicate", "alert", "alerts that had been posted before", nil}
	Queued             = Metric{"boomerang.queued", "alert", "alerts that the webhook left to the queue: because of `intake`, or of the kind of failure", []string{"reason"}}
	Coalesced          = Metric{"boomerang.coalesced", "alert", "alerts that a storm held back, for its summary", []string{"playbook"}}
	Reconciled         = Metric{"boomerang.reconciled", "alert", "alerts that never arrived, and were queued by reconcile", nil}
	StepDuration       = Metric{"boomerang.step.duration", "second", "how long a step took", []string{"step", "status"}}
	Truncated          = Metric{"boomerang.truncated", "event", "events of which something was left out for Datadog's limit", []string{"playbook"}}
	Delay              = Metric{"boomerang.delay", "second", "from the alert's date to its event", nil}
	Recovery           = Metric{"boomerang.recovery", "second", "how long the alert's cycle lasted, at its recovery", []string{"playbook"}}
	RateLimitRemaining = Metric{"boomerang.ratelimit.remaining", "request", "what Datadog's rate limit leaves for the rest of its period", []string{"limit"}}
)

// Metrics are all of them.
var Metrics = []Metric{
	Received, Rejected, Posted, Duplicate, Queued, Coalesced, Reconciled, StepDuration, Truncated, Delay, Recovery, RateLimitRemaining,
}
