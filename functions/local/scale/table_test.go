package scale

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
)

// show writes what became of each storm, and what a million such alerts cost.
func show(stacks []*stack) string {
	var out strings.Builder
	if len(stacks) == 0 {
		return ""
	}
	fmt.Fprintf(&out, "What becomes of the alerts of %d monitors in %v, and of 1 a second in %v:\n\n", stacks[0].monitors, stacks[len(stacks)-1].lasts, stacks[0].lasts)
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, of func(k *stack) string) {
		line := name + "\t"
		for _, k := range stacks {
			line += of(k) + "\t"
		}
		fmt.Fprintln(t, line)
	}
	row("", func(k *stack) string { return k.name })
	row("alerts throttled (429)", func(k *stack) string { return fmt.Sprint(k.webhook.throttled) })
	row("instances at once", func(k *stack) string { return fmt.Sprint(k.webhook.most) })
	row("answered posted", func(k *stack) string { return fmt.Sprint(k.answers[pipeline.Posted]) })
	row("answered queued", func(k *stack) string { return fmt.Sprint(k.answers[pipeline.Queued]) })
	row("events", func(k *stack) string { return fmt.Sprint(len(k.api.server.Posted())) })
	row("enriched wholly", func(k *stack) string { return share(k.api.completeness()["complete"], len(k.api.server.Posted())) })
	row("alert to event, median", func(k *stack) string { return span(k.delays(), 0.5) })
	row("alert to event, p99", func(k *stack) string { return span(k.delays(), 0.99) })
	row("longest queue", func(k *stack) string { return fmt.Sprint(k.backlog) })
	row("all done after", func(k *stack) string { return max(0, k.finished.Sub(k.sent)).Round(time.Second).String() })
	row("reads an alert", func(k *stack) string { return fmt.Sprintf("%.2f", k.perAlert(k.reads())) })
	row("events posted, of 250,000 a minute", func(k *stack) string { return share(k.busiestMinute(), 250_000) })
	for _, route := range k429(stacks) {
		row("refused: "+string(route), func(k *stack) string {
			r, seen := k.api.refused[route]
			if !seen {
				return "–"
			}
			return fmt.Sprintf("%d, first at %.1f s", r.n, r.first.Seconds())
		})
	}
	_ = t.Flush()

	bill(&out, stacks)
	return out.String()
}

// bill writes what a million such alerts cost.
func bill(out io.Writer, stacks []*stack) {
	fmt.Fprintf(out, "\nUS dollars for a million such alerts:\n\n")
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, of func(k *stack) string) {
		text := name + "\t"
		for _, k := range stacks {
			text += of(k) + "\t"
		}
		fmt.Fprintln(t, text)
	}
	line("", func(k *stack) string { return k.name })
	for _, part := range []struct {
		name string
		of   func(Cost) float64
	}{
		{"Lambda", func(c Cost) float64 { return c.Lambda }},
		{"SQS", func(c Cost) float64 { return c.SQS }},
		{"DynamoDB", func(c Cost) float64 { return c.DynamoDB }},
		{"Secrets Manager", func(c Cost) float64 { return c.Secrets }},
		{"logs", func(c Cost) float64 { return c.Logs }},
		{"all", Cost.Total},
	} {
		line(part.name, func(k *stack) string { return fmt.Sprintf("%.2f", 1e6*k.perAlert(part.of(k.usage.Cost()))) })
	}
	_ = t.Flush()
}

// perAlert divides by the alerts that there were.
func (k *stack) perAlert(n float64) float64 { return n / (k.lasts.Seconds() * float64(k.rate)) }

func (k *stack) reads() float64 {
	reads := 0
	for route, n := range k.api.calls {
		if route != fakedatadog.EventsCreate {
			reads += n
		}
	}
	return float64(reads)
}

// delays are from each alert to its event.
func (k *stack) delays() []time.Duration {
	var delays []time.Duration
	for id, at := range k.api.posted {
		sent := k.sent.Add(time.Duration(id-firstID) * time.Second / time.Duration(k.rate))
		delays = append(delays, at.Sub(sent))
	}
	slices.Sort(delays)
	return delays
}

func span(sorted []time.Duration, quantile float64) string {
	if len(sorted) == 0 {
		return "–"
	}
	return sorted[int(quantile*float64(len(sorted)-1))].Round(10 * time.Millisecond).String()
}

func share(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of))
}

// busiestMinute is how many events one minute of the clock took.
func (k *stack) busiestMinute() int {
	minutes := map[time.Time]int{}
	for _, at := range k.api.posted {
		minutes[at.Truncate(time.Minute)]++
	}
	most := 0
	for _, n := range minutes {
		most = max(most, n)
	}
	return most
}

// k429 are the routes that Datadog refused in any storm.
func k429(stacks []*stack) []fakedatadog.Route {
	seen := map[fakedatadog.Route]bool{}
	for _, k := range stacks {
		for route := range k.api.refused {
			seen[route] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
