// Package relatedevents is the step "related_events": what else the event stream
// holds around the alert, by its tags, and how often its monitor fired in the
// last day. It needs the permission events_read.
package relatedevents

import (
	"context"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Name is the step's name in playbooks, answers and events.
const Name = "related_events"

// Source is where events are read.
type Source interface {
	Events(ctx context.Context, query datadog.EventQuery) ([]datadog.Event, error)
}

var _ Source = (*datadog.Client)(nil)

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	Around
	History
	// Missing says, for people, which half could not be had and why.
	Missing []string `json:"missing,omitempty"`
}

// New returns the step. It asks at most two questions, side by side.
func New(source Source) enrich.Step {
	halves := []enrich.Named{
		{Name: "what else happened", Step: around(source)},
		{Name: "how often this monitor fired", Step: history(source)},
	}
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if a.Date.IsZero() {
			a.Date = time.Now()
		}
		return joined(enrich.Run(ctx, halves, a, timeFor(ctx)))
	})
}

// reserve is the part of the time, one in so many, that is left for the half
// that came when the other one did not.
const reserve = 20

// unhurried is the time for those who set none.
const unhurried = time.Minute

func timeFor(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return unhurried
	}
	left := time.Until(deadline)
	return left - left/reserve
}

// joined is the finding of the halves that came. It fails when none did.
func joined(halves []enrich.Result) (enrich.Finding, error) {
	f := enrich.Finding{Title: "Related events", Weight: enrich.Important}
	var data Data
	var skipped, failed error
	came := false
	for _, half := range halves {
		switch half.Status {
		case enrich.OK:
			came = true
			f.Blocks = append(f.Blocks, half.Finding.Blocks...)
			data.take(half.Finding.Data)
		case enrich.Skipped:
			skipped = half.Err
		default:
			failed = half.Err
			data.Missing = append(data.Missing, missing(half))
		}
	}
	switch {
	case failed != nil && !came:
		return enrich.Finding{}, failed
	case !came:
		return enrich.Finding{}, skipped
	case failed != nil:
		f.PartialReason = failed
		f.Blocks = append(f.Blocks, enrich.Paragraph(strings.Join(data.Missing, " ")))
	}
	f.Data = data
	return f, nil
}

func (d *Data) take(half any) {
	switch half := half.(type) {
	case Around:
		d.Around = half
	case History:
		d.History = half
	}
}
