package handler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"boomerang/shared/awstest"
	"boomerang/shared/ledger"
)

// delivery is one delivery of a payload, so long after the first one.
type delivery struct {
	after time.Duration
	body  string
	want  string
}

const linkTo = `"link":"https://app.datadoghq.eu/event/event?id=%d"`

// Only an id that is certainly Datadog's says that an alert was posted before, however long
// ago. Any other payload is the same alert while Datadog may repeat a delivery.
func TestHandler_Once(t *testing.T) {
	event := func(format string, n int) string { return fmt.Sprintf(format, 6136132146668244400+n) }
	const (
		monitorAsID = `{"id":"1867792","transition":"%s","type":"error","title":"[P2] [%[1]s on {host:a}] x","msg":"m",`
		day         = 24 * time.Hour
	)
	triggered, recovered := fmt.Sprintf(monitorAsID, "Triggered"), fmt.Sprintf(monitorAsID, "Recovered")
	bare := func(state string) string {
		return `{"title":"[P2] [` + state + ` on {host:web-1}] CPU","text":"CPU is high","alert_type":"error","alert_status":"` + state + `","aggreg_key":"9bd4"}`
	}
	dated := func(date int) string {
		return fmt.Sprintf(`{"id":"4712","transition":"Triggered","title":"x","date":"%d"}`, date)
	}
	server := awstest.New(t)
	for name, deliveries := range map[string][]delivery{
		"a monitor's id, with the event in the link": {
			{0, triggered + event(linkTo, 1) + "}", "posted"},
			{16 * time.Second, triggered + event(linkTo, 1) + "}", "duplicate"},
			{time.Minute, recovered + event(linkTo, 2) + "}", "posted"},
			{2 * time.Minute, triggered + event(linkTo, 3) + "}", "posted"},
			{2*time.Minute + 16*time.Second, recovered + event(linkTo, 2) + "}", "duplicate"},
			{day, triggered + event(linkTo, 4) + "}", "posted"},
		},
		"an event's id in the field and in the link": {
			{0, event(`{"id":"%d","title":"x",`, 1) + event(linkTo, 1) + "}", "posted"},
			{10 * day, event(`{"id":"%d","title":"x",`, 1) + event(linkTo, 1) + "}", "duplicate"},
			{10 * day, event(`{"id":"%d","title":"y",`, 1) + event(linkTo, 1) + "}", "duplicate"},
			{10 * day, event(`{"id":"%d","title":"x",`, 2) + event(linkTo, 2) + "}", "posted"},
		},
		"a constant id, with dates": {
			{0, dated(1795915833572), "posted"},
			{30 * time.Second, dated(1795915833572), "duplicate"},
			{time.Minute, dated(1795915893572), "posted"},
			{2 * time.Minute, dated(1795915833572), "duplicate"},
		},
		"a constant id, and nothing else": {
			{0, `{"id":"alert","title":"x"}`, "posted"},
			{5 * time.Minute, `{"id":"alert","title":"x"}`, "duplicate"},
			{5*time.Minute + time.Second, `{"id":"alert","title":"x"}`, "posted"},
			{9 * time.Minute, `{"title":"x","id":"alert"}`, "duplicate"},
		},
		"equal payloads without an id": {
			{0, bare("Triggered"), "posted"},
			{16 * time.Second, bare("Triggered"), "duplicate"},
			{4 * time.Minute, bare("Recovered"), "posted"},
			{6 * time.Minute, bare("Triggered"), "posted"},
			{7 * time.Minute, bare("Triggered"), "duplicate"},
			{8 * time.Minute, bare("Recovered"), "duplicate"},
			{10 * time.Minute, bare("Recovered"), "posted"},
		},
		"an event's id that no link proves": {
			{0, event(`{"id":"%d","title":"x"}`, 1), "posted"},
			{16 * time.Second, event(`{"id":"%d","title":"x"}`, 1), "duplicate"},
			{time.Minute, event(`{"id":"%d","title":"x","alert_transition":"Recovered"}`, 1), "posted"},
			{day, event(`{"id":"%d","title":"x"}`, 1), "posted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEnv(t)
			start := time.Now()
			now := start
			w.now = func() time.Time { return now }
			w.table = ledger.New(dynamodb.NewFromConfig(server.Config()), server.Table(t))
			h := w.handler()
			posted := 0
			for i, d := range deliveries {
				now = start.Add(d.after)
				r := handle(t, h, post(d.body))
				if got := fields(t, r.Body); got["status"] != d.want {
					t.Errorf("delivery %d: got %d %s, want %s; log %s", i, r.StatusCode, r.Body, d.want, w.log.String())
				}
				if d.want == "posted" {
					posted++
				}
			}
			if got := len(w.datadog.Posted()); got != posted {
				t.Errorf("%d events, want %d", got, posted)
			}
		})
	}
}
