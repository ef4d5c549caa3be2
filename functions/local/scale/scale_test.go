package scale

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"boomerang/functions/local/output"
	"boomerang/shared/pipeline"
)

// TestStorm simulates a calm day, for its cost, and storms. STORM sets their seconds.
func TestStorm(t *testing.T) {
	lasts, monitors := 100*time.Millisecond, 4
	if seconds, err := strconv.Atoi(os.Getenv("STORM")); err == nil {
		lasts, monitors = time.Duration(seconds)*time.Second, 200
	}
	var storms []*storm
	var sent atomic.Int64
	stop := showProgress(&sent, int(4100*lasts.Seconds()))
	defer stop()
	for _, s := range []scenario{
		{name: "1 a second, direct", rate: 1, lasts: 10 * lasts, workers: 5},
		{name: "1,000 a second, direct", rate: 1000, lasts: lasts, workers: 5},
		{name: "with limit: 10", rate: 1000, lasts: lasts, workers: 5, limit: 10},
		{name: "INTAKE=queue, 5 batches", rate: 1000, lasts: lasts, workers: 5, queued: true},
		{name: "INTAKE=queue, 50 batches", rate: 1000, lasts: lasts, workers: 50, queued: true},
	} {
		s.monitors = monitors
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newStorm(s)
				k.sent = &sent
				k.run(t)
				k.check(t)
				storms = append(storms, k)
			})
		})
	}
	t.Log("\n" + summary(storms))
}

// showProgress shows how many alerts were sent. It has a clock of its own, because that of a
// storm is virtual.
func showProgress(sent *atomic.Int64, total int) (stop func()) {
	show := output.Progress(os.Stderr, "sent", "alerts")
	ticker, ended := time.NewTicker(200*time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				show(int(sent.Load()), total)
			case <-ended:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(ended) }
}

// check compares the events with the alerts.
func (k *storm) check(t *testing.T) {
	taken, events := k.alerts()-k.throttled, len(k.datadog.Posted())
	if k.errors > 0 {
		t.Errorf("%d of %d alerts were neither posted nor queued", k.errors, k.alerts())
	}
	if k.limit == 0 && len(k.posted) != taken {
		t.Errorf("%d alerts were taken, and %d have an event", taken, len(k.posted))
	}
	// A monitor has its limit and one summary in each minute that the storm touches.
	if most := k.monitors * (k.limit + 1) * (2 + int(k.lasts/time.Minute)); k.limit > 0 && (events > most || k.answers[pipeline.Queued] == 0) {
		t.Errorf("%d events of %d monitors, want at most %d; %d alerts were suppressed", events, k.monitors, most, k.answers[pipeline.Queued])
	}
}

// summary shows what becomes of the alerts, and the cost of a million.
func summary(storms []*storm) string {
	var out strings.Builder
	cost := func(service string) func(*storm) any {
		return func(k *storm) any { return fmt.Sprintf("%.2f", k.perMillion(service)) }
	}
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		name  string
		value func(k *storm) any
	}{
		{"Alerts", func(k *storm) any { return k.name }},
		{"throttled (429)", func(k *storm) any { return k.throttled }},
		{"answered posted", func(k *storm) any { return k.answers[pipeline.Posted] }},
		{"answered queued", func(k *storm) any { return k.answers[pipeline.Queued] }},
		{"refused by Datadog (429)", func(k *storm) any { return k.refused }},
		{"events", func(k *storm) any { return len(k.datadog.Posted()) }},
		{"alert to event, median", func(k *storm) any { return k.delay(0.5) }},
		{"alert to event, p99", func(k *storm) any { return k.delay(0.99) }},
		{"finished after", func(k *storm) any { return k.finished.Sub(k.start).Round(time.Second) }},
		{"$ per million: Lambda", cost("Lambda")},
		{"SQS", cost("SQS")},
		{"DynamoDB", cost("DynamoDB")},
		{"Secrets Manager", cost("Secrets Manager")},
		{"logs", cost("CloudWatch")},
		{"total", cost("")},
	} {
		fmt.Fprint(t, row.name)
		for _, k := range storms {
			fmt.Fprint(t, "\t", row.value(k))
		}
		fmt.Fprintln(t, "\t")
	}
	_ = t.Flush()
	return out.String()
}

func (k *storm) perMillion(service string) float64 {
	return 1e6 * k.used.cost(service) / float64(k.alerts())
}

// delay is a quantile of the times from an alert to its event.
func (k *storm) delay(quantile float64) time.Duration {
	var delays []time.Duration
	for id, at := range k.posted {
		if i := int(id - firstID); i >= 0 {
			delays = append(delays, at.Sub(k.sentAt(i)))
		}
	}
	slices.Sort(delays)
	return delays[int(quantile*float64(len(delays)-1))].Round(10 * time.Millisecond)
}

func TestUsage(t *testing.T) {
	u := usage{invocations: 5e5, seconds: 4e6, sqsRequests: 1e6, writeUnits: 1e6, readUnits: 1e6, secretCalls: 10_000, logBytes: 1e9}
	u.add(usage{invocations: 5e5})
	if lambda, all := u.cost("Lambda"), u.cost(""); math.Abs(lambda-(0.20+13.3334)) > 1e-9 || math.Abs(all-(lambda+0.40+0.75+0.05+0.50)) > 1e-9 {
		t.Errorf("Lambda %v, total %v", lambda, all)
	}
}
