package installation

import (
	"fmt"
	"strings"
)

// board is a dashboard's definition in Datadog's form
// (https://docs.datadoghq.com/api/latest/dashboards/#create-a-new-dashboard).
type board struct {
	Title       string   `json:"title"`
	Description string   `json:"description"`
	LayoutType  string   `json:"layout_type"`
	ReflowType  string   `json:"reflow_type"`
	Widgets     []widget `json:"widgets"`
}

type widget struct {
	Definition any `json:"definition"`
}

// board shows alerts on their way.
func (s Spec) board() board {
	return board{
		Title: s.title(),
		Description: fmt.Sprintf("Made by the stack %s, which writes it anew when it is deployed and removes it when it is deleted: clone it to change it. "+
			"Widgets on `boomerang.*` need the Datadog Lambda Extension, those on queues and functions Datadog's AWS integration.", s.Stack),
		LayoutType: "ordered", ReflowType: "auto",
		Widgets: append([]widget{s.alerts(), s.outcomes()}, s.machinery()...),
	}
}

func (s Spec) alerts() widget {
	return group("Alerts and their events",
		timeseries("Alerts in, events out", bars, counted("alerts", s.alertsQuery()), counted("events", s.eventsQuery())),
		timeseries("Enrichment", bars, counted("events", s.eventsQuery(), "enrichment")),
		timeseries("From the alert to its event", line, s.metric("mean", "avg:boomerang.delay", "", seconds), s.metric("longest", "max:boomerang.delay", "", seconds)),
		toplist("Monitors by events", counted("events", s.eventsQuery(), "monitor")),
		timeseries("Time to recovery", line, s.metric("mean", "avg:boomerang.recovery", "", seconds), s.metric("longest", "max:boomerang.recovery", "", seconds)),
		stream("The latest events", s.eventsQuery()),
	)
}

func (s Spec) outcomes() widget {
	return group("What became of the alerts",
		timeseries("Answers", bars,
			s.counter("posted", "boomerang.posted"), s.counter("duplicates", "boomerang.duplicate"), s.counter("queued", "boomerang.queued"),
			s.counter("held back", "boomerang.coalesced"), s.counter("found by reconcile", "boomerang.reconciled"), s.counter("rejected", "boomerang.rejected")),
		toplist("Rejected, by reason", s.metric("rejected", "sum:boomerang.rejected", "reason", times)),
		toplist("Steps that fail", s.failedSteps()),
		timeseries("Steps", line, s.metric("mean", "avg:boomerang.step.duration", "step", seconds)),
		timeseries("Rate limits of Datadog, what is left", line, s.metric("left", "min:boomerang.ratelimit.remaining", "limit", number)),
	)
}

// machinery shows the queue and the functions of whoever has them.
func (s Spec) machinery() []widget {
	if s.Queue == "" || s.DeadLetterQueue == "" || len(s.Functions) == 0 {
		return nil
	}
	return []widget{group("Queue and functions",
		timeseries("In the queue", line, queue("waiting", s.Queue, visible), queue("dead letters", s.DeadLetterQueue, visible)),
		timeseries("The oldest in the queue", line, queue("age", s.Queue, oldest)),
		timeseries("Errors and throttles", bars, s.function("errors", "sum:aws.lambda.errors", times), s.function("throttles", "sum:aws.lambda.throttles", times)),
		timeseries("Duration", line, s.function("mean", "avg:aws.lambda.duration", number)),
	)}
}

const (
	visible = "max:aws.sqs.approximate_number_of_messages_visible"
	oldest  = "max:aws.sqs.approximate_age_of_oldest_message"
)

// everywhere scopes a metric to nothing.
const everywhere = "*"

// scope limits metrics to the functions of the stack. Datadog writes tags in lower
// case.
func (s Spec) scope() string {
	if len(s.Functions) == 0 {
		return everywhere
	}
	return "functionname IN (" + strings.ToLower(strings.Join(s.Functions, ",")) + ")"
}

func (s Spec) metric(alias, aggregatedMetric, by string, as unit) query {
	return metric(alias, aggregatedMetric, s.scope(), by, as)
}

func (s Spec) counter(alias, name string) query { return s.metric(alias, "sum:"+name, "", times) }

func (s Spec) function(alias, aggregatedMetric string, as unit) query {
	return s.metric(alias, aggregatedMetric, "functionname", as)
}

// failedSteps counts the steps whose finding an event lacks. Each step leaves one
// duration, so that there are as many of them as there are steps.
func (s Spec) failedSteps() query {
	failed := "status IN (failed,timeout)"
	if scope := s.scope(); scope != everywhere {
		failed = scope + " AND " + failed
	}
	return metric("failed", "count:boomerang.step.duration", failed, "step,status", times)
}

func queue(alias, name, aggregatedMetric string) query {
	return metric(alias, aggregatedMetric, "queuename:"+strings.ToLower(name), "", number)
}
