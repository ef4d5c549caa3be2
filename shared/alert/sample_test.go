package alert

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"
	"time"
)

// sample is what Datadog puts in the place of each variable in these tests. The
// values have the shapes that recorded deliveries show.
var sample = map[string]string{
	"ID": "8306082202796025694", "AGGREG_KEY": "06ade3da0286048d242ea8e46f521c93",
	"ALERT_CYCLE_KEY": "17593438241221064084", "ALERT_ID": "221164084",
	"ALERT_METRIC": "orders.queue.depth", "ALERT_PRIORITY": "P2",
	"ALERT_QUERY":  `avg(last_5m):avg:orders.queue.depth{env:prod} by {host} > 100`,
	"ALERT_SCOPE":  "host:orders-1,env:prod",
	"ALERT_STATUS": "orders.queue.depth over host:orders-1 was > 100 on average during the last 5m",
	"ALERT_TITLE":  "[Triggered on {host:orders-1}] Orders pile up", "ALERT_TRANSITION": "Triggered", "ALERT_TYPE": "error",
	"DATE": "1759343824000", "DATE_POSIX": "1759343824", "LAST_UPDATED": "1759343830000", "LAST_UPDATED_POSIX": "1759343830",
	"EMAIL": "ops@example.com", "EVENT_TITLE": "[P2] [Triggered on {host:orders-1}] Orders pile up",
	"EVENT_MSG":  "%%%\nOrders wait \"too long\".\n@webhook-boomerang\n%%%",
	"EVENT_TYPE": "query_alert_monitor", "HOSTNAME": "orders-1",
	"INCIDENT_PUBLIC_ID": "42", "INCIDENT_TITLE": "Orders are late", "INCIDENT_STATUS": "active", "INCIDENT_SEVERITY": "SEV-2",
	"INCIDENT_URL": "https://app.datadoghq.com/incidents/42", "INCIDENT_UUID": "3f5e", "INCIDENT_MSG": "We look into it.",
	"LINK":        "https://app.datadoghq.com/monitors/221164084?group=host%3Aorders-1&event_id=8306082202796025694",
	"ORG_ID":      "352347",
	"ORG_NAME":    "Example Ltd",
	"PRIORITY":    "normal",
	"SNAPSHOT":    "https://p.datadoghq.com/snapshot/a.png",
	"TAGS":        "env:prod,host:orders-1,monitor,team:sales",
	"USER":        "Ada",
	"USERNAME":    "ada@example.com",
	"LOGS_SAMPLE": `{\"columns\":[\"time\"],\"rows\":[{\"message\":\"late\"}]}`, "METRIC_NAMESPACE": "orders",
	"TEXT_ONLY_MSG": "Orders wait too long.", "SECURITY_RULE_ID": "abc-def", "SECURITY_SIGNAL_MSG": "Odd.",
}

// inTemplate finds a variable: "$ID", "$TAGS[team]".
var inTemplate = regexp.MustCompile(`\$[A-Z_]+(\[\w+\])?(":)?`)

// render fills in a template as Datadog does: each variable by its value,
// escaped. A variable that it does not know, and a key, stay as they are.
func render(t testing.TB, template string) []byte {
	t.Helper()
	return renderWith(t, sample, template)
}

func renderWith(t testing.TB, values map[string]string, template string) []byte {
	t.Helper()
	return inTemplate.ReplaceAllFunc([]byte(template), func(found []byte) []byte {
		name := string(found[1:])
		value, ok := values[name]
		switch {
		case !ok:
			return found
		case name == "LOGS_SAMPLE":
			return []byte(value)
		}
		quoted, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Trim(quoted, `"`)
	})
}

var (
	sampleDate    = time.UnixMilli(1759343824000).UTC()
	sampleUpdated = time.UnixMilli(1759343830000).UTC()
)

// full is the alert of a template that names every variable of Torq's
// recommended payload.
var full = Alert{
	ID: sample["ID"], AggregKey: sample["AGGREG_KEY"], CycleKey: sample["ALERT_CYCLE_KEY"],
	MonitorID: "221164084", Metric: sample["ALERT_METRIC"], Query: sample["ALERT_QUERY"], Scope: sample["ALERT_SCOPE"],
	Status: sample["ALERT_STATUS"], AlertTitle: sample["ALERT_TITLE"], Transition: Triggered, Type: "error",
	Date: sampleDate, LastUpdated: sampleUpdated,
	Title: sample["EVENT_TITLE"], Message: sample["EVENT_MSG"], Text: sample["TEXT_ONLY_MSG"],
	EventType: sample["EVENT_TYPE"], EventPriority: "normal", Hostname: "orders-1",
	Tags: Tags{"env:prod", "host:orders-1", "monitor", "team:sales"}, Link: sample["LINK"], Snapshot: sample["SNAPSHOT"],
	MetricNamespace: "orders", OrgID: "352347", OrgName: "Example Ltd", Email: "ops@example.com", User: "Ada", Username: "ada@example.com",
	LogsSample: json.RawMessage(`{"columns":["time"],"rows":[{"message":"late"}]}`),
}

// torq is the payload that Torq's Datadog integration recommends
// (https://github.com/DataDog/integrations-extras/tree/master/torq).
const torq = `{
	"body": "$EVENT_MSG", "title": "$EVENT_TITLE", "date": "$DATE", "id": "$ID",
	"metadata": {
		"AGGREG_KEY": "$AGGREG_KEY", "ALERT_CYCLE_KEY": "$ALERT_CYCLE_KEY", "ALERT_ID": "$ALERT_ID",
		"ALERT_METRIC": "$ALERT_METRIC", "ALERT_QUERY": "$ALERT_QUERY", "ALERT_SCOPE": "$ALERT_SCOPE",
		"ALERT_STATUS": "$ALERT_STATUS", "ALERT_TITLE": "$ALERT_TITLE", "ALERT_TRANSITION": "$ALERT_TRANSITION",
		"ALERT_TYPE": "$ALERT_TYPE", "EMAIL": "$EMAIL", "EVENT_MSG": "$EVENT_MSG", "EVENT_TITLE": "$EVENT_TITLE",
		"EVENT_TYPE": "$EVENT_TYPE", "HOSTNAME": "$HOSTNAME", "ID": "$ID", "LAST_UPDATED": "$LAST_UPDATED", "LINK": "$LINK",
		"METRIC_NAMESPACE": "$METRIC_NAMESPACE", "ORG_ID": "$ORG_ID", "ORG_NAME": "$ORG_NAME", "PRIORITY": "$PRIORITY",
		"SNAPSHOT": "$SNAPSHOT", "TAGS": "$TAGS", "TEXT_ONLY_MSG": "$TEXT_ONLY_MSG", "USER": "$USER", "USERNAME": "$USERNAME",
		"LOGS_SAMPLE": "$LOGS_SAMPLE"
	}
}`
