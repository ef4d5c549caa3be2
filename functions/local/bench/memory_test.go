package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
)

const (
	fullAlerts = 10   // a batch of the queue
	fullList   = 1000 // events in one response
)

// BenchmarkMemory measures the memory of ten alerts whose lists of events are full: one
// after the other in the webhook, as one batch in redeliver. BIN is the folder of the
// built functions, in which base holds those of another commit.
func BenchmarkMemory(b *testing.B) {
	bin := os.Getenv("BIN")
	if bin == "" {
		b.Skip("make bench-memory builds the functions and sets BIN")
	}
	for _, function := range []string{"webhook", "redeliver"} {
		for _, commit := range []string{"base", "this"} {
			path := filepath.Join(bin, commit, function)
			if !isFile(path) {
				continue
			}
			b.Run("function="+function+"/commit="+commit, func(b *testing.B) {
				for b.Loop() {
					measureMemory(b, path, function == "redeliver")
				}
			})
		}
	}
}

func measureMemory(b *testing.B, path string, isBatch bool) {
	s := newServices(b)
	var alerts []e2e.Alert
	tags := []string{"monitor", "env:prod"}
	for n := range fullAlerts {
		alerts = append(alerts, e2e.Alert{
			ID: int64(firstID + n), Monitor: int64(4000 + n), Service: "checkout-" + strconv.Itoa(n),
			Date: time.Now().Add(-time.Duration(n) * time.Minute), // Alerts of one minute share a list.
		})
		s.seed(alerts[n])
		tags = append(tags, "service:"+alerts[n].Service)
	}
	for n := range fullList {
		s.datadog.AddEvent(fakedatadog.Event{
			Title: "Deployed version " + strconv.Itoa(n), Text: strings.Repeat("Deployed. ", 400), Tags: tags,
			DateHappened: time.Now().Add(-time.Duration(n) * time.Second).Unix(), MonitorID: int64(4000 + n%fullAlerts),
		})
	}
	i := start(b, s, []string{path}, heapGrowth)
	rest := i.peak(b)
	if isBatch {
		i.invoke(b, batch(b, alerts), `{"batchItemFailures":null}`)
	} else {
		for _, alert := range alerts {
			i.invoke(b, alert.Request(), `related_events\",\"status\":\"ok\"`)
		}
	}
	if posted := len(s.datadog.Posted()); posted != fullAlerts {
		b.Fatalf("%d events for %d alerts: %s", posted, fullAlerts, i.output.String())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rest, "rest-MB")
	b.ReportMetric(i.peak(b), "peak-MB")
}

func batch(b *testing.B, alerts []e2e.Alert) (batch events.SQSEvent) {
	for _, alert := range alerts {
		a, err := handler.Decode(alert.Request())
		if err != nil {
			b.Fatal(err)
		}
		body, err := queue.Encode(queue.Message{Alert: a, ReceivedAt: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: a.ID, Body: body})
	}
	return batch
}
