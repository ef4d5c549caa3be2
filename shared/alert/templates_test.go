package alert

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
	return inTemplate.ReplaceAllFunc([]byte(template), func(found []byte) []byte {
		name := string(found[1:])
		value, ok := sample[name]
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

var templates = []struct {
	name, template string
	want           Alert
}{
	{"Torq, the rest in metadata", torq, full},
	{
		"Datadog's default",
		`{"body":"$EVENT_MSG","last_updated":"$LAST_UPDATED","event_type":"$EVENT_TYPE","title":"$EVENT_TITLE","date":"$DATE",
			"org":{"id":"$ORG_ID","name":"$ORG_NAME"},"id":"$ID"}`,
		Alert{
			ID: full.ID, Message: full.Message, LastUpdated: full.LastUpdated, EventType: full.EventType, Title: full.Title, Date: full.Date,
			OrgID: full.OrgID, OrgName: full.OrgName,
		},
	},
	{
		"flat, priority as severity and scope as scopes",
		`{"id":"$ID","monitor_id":"$ALERT_ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","severity":"$ALERT_PRIORITY",
			"scopes":"$ALERT_SCOPE","url":"$LINK","tags":"$TAGS","alert_type":"$ALERT_TYPE","alert_transition":"$ALERT_TRANSITION",
			"org":{"name":"$ORG_NAME","id":"$ORG_ID"}}`,
		Alert{
			ID: full.ID, MonitorID: full.MonitorID, Title: full.Title, Message: full.Message, Priority: "P2", Scope: full.Scope,
			Link: full.Link, Tags: full.Tags, Type: "error", Transition: Triggered, OrgID: full.OrgID, OrgName: full.OrgName,
			Extra: Extra{"severity": "P2"},
		},
	},
	{
		"an object for the alert",
		`{"alert":{"id":"$ALERT_ID","cycle_key":"$ALERT_CYCLE_KEY","metric":"$ALERT_METRIC","scope":"$ALERT_SCOPE","status":"$ALERT_STATUS",
			"title":"$ALERT_TITLE","transition":"$ALERT_TRANSITION","type":"$ALERT_TYPE","query":"$ALERT_QUERY","priority":"$ALERT_PRIORITY"},
			"id":"$ID","title":"$EVENT_TITLE","text_msg":"$TEXT_ONLY_MSG","user":"$USER","username":"$USERNAME","priority":"$PRIORITY",
			"incident_uuid":"$INCIDENT_UUID","incident_public_id":"$INCIDENT_PUBLIC_ID","security_rule_id":"$SECURITY_RULE_ID",
			"security_signal_msg":"$SECURITY_SIGNAL_MSG"}`,
		Alert{
			ID: full.ID, Title: full.Title, Text: full.Text, User: full.User, Username: full.Username, EventPriority: "normal",
			MonitorID: full.MonitorID, CycleKey: full.CycleKey, Metric: full.Metric, Scope: full.Scope, Status: full.Status,
			AlertTitle: full.AlertTitle, Transition: Triggered, Type: "error", Query: full.Query, Priority: "P2",
			Incident: Incident{UUID: "3f5e", PublicID: "42"}, Security: Security{RuleID: "abc-def", SignalMessage: "Odd."},
		},
	},
	{
		"objects for alert and event, a cycle id and a metric namespace",
		`{"aggregation_key":"$AGGREG_KEY","alert":{"id":"$ALERT_ID","cycleId":"$ALERT_CYCLE_KEY","priority":"$PRIORITY",
			"metric_namespace":"$METRIC_NAMESPACE","status":"$ALERT_STATUS"},
			"event":{"title":"$EVENT_TITLE","message":"$EVENT_MSG","type":"$EVENT_TYPE"},"logs_sample":"$LOGS_SAMPLE","id":"$ID","source":"datadog"}`,
		Alert{
			ID: full.ID, AggregKey: full.AggregKey, MonitorID: full.MonitorID, CycleKey: full.CycleKey, EventPriority: "normal",
			MetricNamespace: "orders", Status: full.Status, Title: full.Title, Message: full.Message, EventType: full.EventType,
			LogsSample: full.LogsSample, Extra: Extra{"source": "datadog"},
		},
	},
	{
		"everything in an event object",
		`{"event":{"id":"$ID","title":"$EVENT_TITLE","description":"$EVENT_MSG","priority":"$ALERT_PRIORITY","status":"$ALERT_TRANSITION",
			"date":"$DATE","url":"$LINK"}}`,
		Alert{
			ID: full.ID, Title: full.Title, Message: full.Message, Priority: "P2", Transition: Triggered, Date: full.Date, Link: full.Link,
			Extra: Extra{"event": map[string]any{"description": full.Message, "status": "Triggered"}},
		},
	},
	{
		"an alert object beside event_msg and event_title",
		`{"event_msg":"$TEXT_ONLY_MSG","last_updated":"$LAST_UPDATED","event_type":"$EVENT_TYPE","event_title":"$EVENT_TITLE",
			"alert":{"id":"$ALERT_ID","transition":"$ALERT_TRANSITION","type":"$ALERT_TYPE","priority":"$ALERT_PRIORITY"},
			"link":"$LINK","id":"$ID"}`,
		Alert{
			ID: full.ID, Message: full.Text, LastUpdated: full.LastUpdated, EventType: full.EventType, Title: full.Title,
			MonitorID: full.MonitorID, Transition: Triggered, Type: "error", Priority: "P2", Link: full.Link,
		},
	},
	{
		"camelCase without an id",
		`{"alertId":"$ALERT_ID","eventMessage":"$TEXT_ONLY_MSG","title":"$EVENT_TITLE","url":"$LINK","alertTransition":"$ALERT_TRANSITION",
			"orgName":"$ORG_NAME","alertScope":"$ALERT_SCOPE","eventType":"$EVENT_TYPE","incident_pub_id":"$INCIDENT_PUBLIC_ID"}`,
		Alert{
			MonitorID: full.MonitorID, Message: full.Text, Title: full.Title, Link: full.Link, Transition: Triggered, OrgName: full.OrgName,
			Scope: full.Scope, EventType: full.EventType, Incident: Incident{PublicID: "42"},
		},
	},
	{
		"camelCase with dates in seconds too",
		`{"id":"$ID","datePosix":"$DATE_POSIX","lastUpdatedPosix":"$LAST_UPDATED_POSIX","aggregKey":"$AGGREG_KEY","textOnlyMsg":"$TEXT_ONLY_MSG",
			"metricNamespace":"$METRIC_NAMESPACE","orgId":"$ORG_ID","alertCycleKey":"$ALERT_CYCLE_KEY","email":"$EMAIL"}`,
		Alert{
			ID: full.ID, Date: full.Date, LastUpdated: full.LastUpdated, AggregKey: full.AggregKey, Text: full.Text,
			MetricNamespace: "orders", OrgID: full.OrgID, CycleKey: full.CycleKey, Email: full.Email,
		},
	},
	{
		"flat with date_posix and event_id",
		`{"alert_id":"$ALERT_ID","hostname":"$HOSTNAME","date_posix":"$DATE_POSIX","aggreg_key":"$AGGREG_KEY","title":"$EVENT_TITLE",
			"alert_status":"$ALERT_STATUS","alert_transition":"$ALERT_TRANSITION","link":"$LINK","event_msg":"$TEXT_ONLY_MSG","event_id":"$ID"}`,
		Alert{
			ID: full.ID, MonitorID: full.MonitorID, Hostname: "orders-1", Date: full.Date, AggregKey: full.AggregKey, Title: full.Title,
			Status: full.Status, Transition: Triggered, Link: full.Link, Message: full.Text,
		},
	},
	{
		"labels and annotations",
		`{"alert_instance_id":"$ID","alert_id":"$ALERT_ID","alert_name":"$ALERT_TITLE","alert_time":"$LAST_UPDATED","fire_time":"$DATE",
			"status":"$ALERT_TRANSITION","labels":{"tags":"$TAGS","region":"eu"},
			"annotations":{"title":"$EVENT_TITLE","event_msg":"$EVENT_MSG","text_only_msg":"$TEXT_ONLY_MSG"}}`,
		Alert{
			ID: full.ID, MonitorID: full.MonitorID, AlertTitle: full.AlertTitle, Date: full.Date, Transition: Triggered, Tags: full.Tags,
			Title: full.Title, Message: full.Message, Text: full.Text,
			Extra: Extra{
				"alert_time": sample["LAST_UPDATED"], "fire_time": sample["DATE"], "status": "Triggered",
				"labels": map[string]any{"region": "eu"},
			},
		},
	},
	{
		"a title, a message and constants in capitals",
		`{"ALERT_STATE":"$ALERT_TRANSITION","ALERT_TITLE":"$ALERT_TITLE","DETAILED_DESCRIPTION":"$EVENT_MSG","IMPACT":"3-Moderate",
			"SUPPORT_GROUP":"$TAGS[support_group]","THRESHOLD":"$THRESHOLD","URGENCY":"$ALERT_PRIORITY"}`,
		Alert{
			Transition: Triggered, AlertTitle: full.AlertTitle, Message: full.Message, Priority: "P2",
			Extra: Extra{
				"ALERT_STATE": "Triggered", "DETAILED_DESCRIPTION": full.Message, "IMPACT": "3-Moderate", "URGENCY": "P2",
			},
		},
	},
	{
		"alert_name, alert_message and alert_url",
		`{"alert_name":"$EVENT_TITLE","alert_message":"$TEXT_ONLY_MSG","alert_status":"$ALERT_STATUS","priority":"$PRIORITY",
			"metric":"$ALERT_METRIC","query":"$ALERT_QUERY","service":"$SERVICE","env":"$ENV","host":"$HOSTNAME","alert_url":"$LINK"}`,
		Alert{
			AlertTitle: full.Title, Message: full.Text, Status: full.Status, EventPriority: "normal", Metric: full.Metric,
			Query: full.Query, Hostname: "orders-1", Link: full.Link,
		},
	},
	{
		"monitor_name, status and timestamp",
		`{"monitor_id":"$ALERT_ID","monitor_name":"$ALERT_TITLE","status":"$ALERT_TRANSITION","alert_status":"$ALERT_STATUS",
			"message":"$TEXT_ONLY_MSG","timestamp":"$DATE","priority":"$ALERT_PRIORITY","event_type":"$EVENT_TYPE"}`,
		Alert{
			MonitorID: full.MonitorID, AlertTitle: full.AlertTitle, Transition: Triggered, Status: full.Status, Message: full.Text,
			Date: full.Date, Priority: "P2", EventType: full.EventType,
			Extra: Extra{"monitor_name": full.AlertTitle, "status": "Triggered", "timestamp": sample["DATE"]},
		},
	},
	{
		"summary, level and unique_key",
		`{"summary":"$EVENT_TITLE","body":"$EVENT_MSG","unique_key":"$ALERT_CYCLE_KEY","level":"$ALERT_TYPE","status":"$ALERT_TRANSITION",
			"links":[{"href":"$LINK","text":"Monitor"}]}`,
		Alert{
			Title: full.Title, Message: full.Message, Type: "error", Transition: Triggered,
			Extra: Extra{
				"summary": full.Title, "unique_key": full.CycleKey, "level": "error", "status": "Triggered",
				"links": []any{map[string]any{"href": full.Link, "text": "Monitor"}},
			},
		},
	},
	{
		"a number for the date and a list for the tags",
		`{"id":"$ID","alert_type":"$ALERT_TYPE","title":"$EVENT_TITLE","date":$DATE,"body":"$TEXT_ONLY_MSG","tags":["$TAGS"]}`,
		Alert{ID: full.ID, Type: "error", Title: full.Title, Date: full.Date, Message: full.Text, Tags: full.Tags},
	},
	{
		"alert and event priority in each other's place",
		`{"id":"$ID","alert_title":"$EVENT_TITLE","alert_priority":"$PRIORITY","priority":"$ALERT_PRIORITY"}`,
		Alert{ID: full.ID, AlertTitle: full.Title, EventPriority: "normal", Priority: "P2"},
	},
	{
		"an incident",
		`{"title":"$EVENT_TITLE","incident":{"public_id":"$INCIDENT_PUBLIC_ID","severity":"$INCIDENT_SEVERITY","status":"$INCIDENT_STATUS",
			"url":"$INCIDENT_URL","incident_message":"$INCIDENT_MSG","title":"$INCIDENT_TITLE","channel":"#inc-$INCIDENT_PUBLIC_ID"}}`,
		Alert{
			Title: full.Title, Extra: Extra{"incident": map[string]any{"channel": "#inc-42"}},
			Incident: Incident{
				PublicID: "42", Severity: "SEV-2", Status: "active", URL: "https://app.datadoghq.com/incidents/42",
				Message: "We look into it.", Title: "Orders are late",
			},
		},
	},
	{
		"kebab-case",
		`{"event-id":"$ID","event-title":"$EVENT_TITLE","event-msg":"$EVENT_MSG","alert-id":"$ALERT_ID","alert-cycle-key":"$ALERT_CYCLE_KEY",
			"text-only-msg":"$TEXT_ONLY_MSG","host-name":"$HOSTNAME"}`,
		Alert{
			ID: full.ID, Title: full.Title, Message: full.Message, MonitorID: full.MonitorID, CycleKey: full.CycleKey, Text: full.Text,
			Hostname: "orders-1",
		},
	},
	{
		"keys that are the variables, dollar and all",
		`{"$ID":"$ID","$EVENT_TITLE":"$EVENT_TITLE","$ALERT_TRANSITION":"$ALERT_TRANSITION","$TAGS":"$TAGS"}`,
		Alert{ID: full.ID, Title: full.Title, Transition: Triggered, Tags: full.Tags},
	},
	{
		"monitor, host, user and org objects",
		`{"event_title":"$EVENT_TITLE","event_id":"$ID","monitor":{"id":"$ALERT_ID","name":"$ALERT_TITLE","query":"$ALERT_QUERY","kind":"metric"},
			"host":{"name":"$HOSTNAME","id":"77"},"user":{"name":"$USERNAME","email":"$EMAIL","id":"78"},
			"organization":{"id":"$ORG_ID","name":"$ORG_NAME"},"team":{"id":79,"name":"sales","url":"https://example.com"}}`,
		Alert{
			ID: full.ID, Title: full.Title, MonitorID: full.MonitorID, AlertTitle: full.AlertTitle, Query: full.Query, Hostname: "orders-1",
			Username: full.Username, Email: full.Email, OrgID: full.OrgID, OrgName: full.OrgName,
			Extra: Extra{
				"monitor": map[string]any{"name": full.AlertTitle, "kind": "metric"},
				"host":    map[string]any{"id": "77"},
				"user":    map[string]any{"id": "78"},
				"team":    map[string]any{"id": int64(79), "name": "sales", "url": "https://example.com"},
			},
		},
	},
	{
		"an alert_uid and an image",
		`{"alert_uid":"$ID","title":"$EVENT_TITLE","image_url":"$SNAPSHOT","state":"alerting","link_to_upstream_details":"$LINK","message":"$EVENT_MSG"}`,
		Alert{
			ID: full.ID, Title: full.Title, Message: full.Message, Snapshot: full.Snapshot, Link: full.Link,
			Extra: Extra{"alert_uid": full.ID, "image_url": full.Snapshot, "state": "alerting", "link_to_upstream_details": full.Link},
		},
	},
	{
		"an action, and a summary inside payload",
		`{"routing_key":"k","event_action":"$ALERT_TRANSITION","dedup_key":"$ALERT_ID",
			"payload":{"summary":"$EVENT_TITLE","severity":"$ALERT_PRIORITY","custom_details":{"monitor_id":"$ALERT_ID"}}}`,
		Alert{
			Transition: Triggered, Title: full.Title, Priority: "P2",
			Extra: Extra{
				"routing_key": "k", "event_action": "Triggered", "dedup_key": "221164084",
				"payload": map[string]any{
					"summary": full.Title, "severity": "P2", "custom_details": map[string]any{"monitor_id": "221164084"},
				},
			},
		},
	},
	{
		"one container of any name",
		`{"dd":{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","alert_transition":"$ALERT_TRANSITION","tags":"$TAGS","custom":{"title":"no"}}}`,
		Alert{
			ID: full.ID, Title: full.Title, Message: full.Message, Transition: Triggered, Tags: full.Tags,
			Extra: Extra{"dd": map[string]any{"custom": map[string]any{"title": "no"}}},
		},
	},
	{
		"the monitor's id as id",
		`{"title":"$EVENT_TITLE","body":"$TEXT_ONLY_MSG","alert_type":"$ALERT_TYPE","transition":"$ALERT_TRANSITION","id":"$ALERT_ID",
			"host":"$HOSTNAME","link":"$LINK","priority":"$PRIORITY"}`,
		Alert{
			Title: full.Title, Message: full.Text, Type: "error", Transition: Triggered, MonitorID: full.MonitorID, Hostname: "orders-1",
			Link: full.Link, EventPriority: "normal",
		},
	},
}

func TestDecode_templates(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(render(t, tt.template))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
}

// A key order that Go's maps choose must not decide anything.
func TestDecode_is_the_same_every_time(t *testing.T) {
	for _, tt := range templates {
		body := render(t, tt.template)
		first, err := Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			again, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Fatalf("%s (-first +again):\n%s", tt.name, diff)
			}
		}
	}
}

func TestDecode_survives_the_queue(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			sent, err := Decode(render(t, tt.template))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sent, roundTrip(t, sent)); diff != "" {
				t.Errorf("alert (-sent +received):\n%s", diff)
			}
		})
	}
}

func roundTrip(t testing.TB, a Alert) Alert {
	t.Helper()
	message, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back Alert
	if err := json.Unmarshal(message, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

var ignoreDigest = cmpopts.IgnoreFields(Alert{}, "Digest")

func TestVariables_are_all_found_by_their_own_name(t *testing.T) {
	for _, name := range Variables() {
		if !Known(name) || !Known("$"+name) || !Known(strings.ToLower(name)) || !Known(strings.ReplaceAll(name, "_", "-")) {
			t.Errorf("%s is not known in every spelling", name)
		}
	}
	for _, key := range []string{"date_posix", "org.id", "monitor_id", "event_url"} {
		if !Known(key) {
			t.Errorf("%s is not known", key)
		}
	}
	for _, key := range []string{"status", "severity", "name", "nonsense", ""} {
		if Known(key) {
			t.Errorf("%s is taken for certain", key)
		}
	}
}

// A key that certainly names two variables would name neither, and a row that
// another always answers first would never be asked.
func TestVariables_share_no_key(t *testing.T) {
	for key, found := range claims {
		for i, c := range found {
			if c.when == nil && i < len(found)-1 {
				t.Errorf("%s: %s is asked first, so %s never is", key, variables[c.variable].name, variables[found[i+1].variable].name)
			}
		}
	}
	for key := range ambiguous {
		if claims[key] == nil {
			t.Errorf("ambiguous key %s names nothing", key)
		}
	}
}

// Every row of the table must fill a field, and no two the same one.
func TestVariables_each_fill_a_field_of_their_own(t *testing.T) {
	seen := make(map[string]string)
	for _, v := range variables {
		value := map[bool]any{false: any("P1"), true: any(map[string]any{"k": "v"})}[v.object]
		if strings.HasPrefix(v.name, "DATE") || strings.HasPrefix(v.name, "LAST") {
			value = "2025-10-01T18:37:04Z"
		}
		var a Alert
		if reason := v.read(&a, value); reason != "" {
			t.Errorf("%s %s", v.name, reason)
		}
		message, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[string(message)]; taken || string(message) == "{}" {
			t.Errorf("%s fills %s as %q does", v.name, message, other)
		}
		seen[string(message)] = v.name
	}
	if len(seen) != 56 {
		t.Errorf("there are %d variables, and Datadog documents 56", len(seen))
	}
}
