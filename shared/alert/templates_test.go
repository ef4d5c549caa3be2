package alert

import (
	"reflect"
	"strings"
)

// with sets the named fields of an alert to those of full.
func with(fields string, a Alert) Alert {
	for name := range strings.FieldsSeq(fields) {
		reflect.ValueOf(&a).Elem().FieldByName(name).Set(reflect.ValueOf(full).FieldByName(name))
	}
	return a
}

// templates have the shapes that public receivers recommend, each with keys of
// its kind in an arrangement of our own.
var templates = []struct {
	name, template string
	want           Alert
}{
	{"Torq, the rest in metadata", torq, full},
	{
		"Datadog's default",
		`{"body":"$EVENT_MSG","last_updated":"$LAST_UPDATED","event_type":"$EVENT_TYPE","title":"$EVENT_TITLE","date":"$DATE",
			"org":{"id":"$ORG_ID","name":"$ORG_NAME"},"id":"$ID"}`,
		with("ID Message LastUpdated EventType Title Date OrgID OrgName", Alert{}),
	},
	{
		"flat, priority as severity and scope as scopes",
		`{"id":"$ID","monitor_id":"$ALERT_ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","severity":"$ALERT_PRIORITY",
			"scopes":"$ALERT_SCOPE","url":"$LINK","tags":"$TAGS","alert_type":"$ALERT_TYPE","alert_transition":"$ALERT_TRANSITION",
			"org":{"name":"$ORG_NAME","id":"$ORG_ID"}}`,
		with("ID MonitorID Title Message Scope Link Tags Type Transition OrgID OrgName", Alert{Priority: "P2", Extra: Extra{"severity": "P2"}}),
	},
	{
		"an object for the alert",
		`{"alert":{"id":"$ALERT_ID","cycle_key":"$ALERT_CYCLE_KEY","metric":"$ALERT_METRIC","scope":"$ALERT_SCOPE","status":"$ALERT_STATUS",
			"title":"$ALERT_TITLE","transition":"$ALERT_TRANSITION","type":"$ALERT_TYPE","query":"$ALERT_QUERY","priority":"$ALERT_PRIORITY"},
			"id":"$ID","title":"$EVENT_TITLE","text_msg":"$TEXT_ONLY_MSG","user":"$USER","username":"$USERNAME","priority":"$PRIORITY",
			"incident_uuid":"$INCIDENT_UUID","incident_public_id":"$INCIDENT_PUBLIC_ID","security_rule_id":"$SECURITY_RULE_ID",
			"security_signal_msg":"$SECURITY_SIGNAL_MSG"}`,
		with("ID Title Text User Username EventPriority MonitorID CycleKey Metric Scope Status AlertTitle Transition Type Query", Alert{
			Priority: "P2",
			Incident: Incident{UUID: "3f5e", PublicID: "42"},
			Security: Security{RuleID: "abc-def", SignalMessage: "Odd."},
		}),
	},
	{
		"objects for alert and event, a cycle id and a metric namespace",
		`{"aggregation_key":"$AGGREG_KEY","alert":{"id":"$ALERT_ID","cycleId":"$ALERT_CYCLE_KEY","priority":"$PRIORITY",
			"metric_namespace":"$METRIC_NAMESPACE","status":"$ALERT_STATUS"},
			"event":{"title":"$EVENT_TITLE","message":"$EVENT_MSG","type":"$EVENT_TYPE"},"logs_sample":"$LOGS_SAMPLE","id":"$ID","source":"datadog"}`,
		with("ID AggregKey MonitorID CycleKey EventPriority MetricNamespace Status Title Message EventType LogsSample", Alert{Extra: Extra{"source": "datadog"}}),
	},
	{
		"everything in an event object",
		`{"event":{"id":"$ID","title":"$EVENT_TITLE","description":"$EVENT_MSG","priority":"$ALERT_PRIORITY","status":"$ALERT_TRANSITION",
			"date":"$DATE","url":"$LINK"}}`,
		with("ID Title Message Transition Date Link", Alert{Priority: "P2", Extra: Extra{"event": map[string]any{"description": full.Message, "status": "Triggered"}}}),
	},
	{
		"an alert object beside event_msg and event_title",
		`{"id":"$ID","link":"$LINK","alert":{"priority":"$ALERT_PRIORITY","type":"$ALERT_TYPE","transition":"$ALERT_TRANSITION",
			"id":"$ALERT_ID"},"event_title":"$EVENT_TITLE","event_msg":"$TEXT_ONLY_MSG","event_type":"$EVENT_TYPE",
			"last_updated":"$LAST_UPDATED"}`,
		with("ID LastUpdated EventType Title MonitorID Transition Type Link", Alert{Message: full.Text, Priority: "P2"}),
	},
	{
		"camelCase without an id",
		`{"alertId":"$ALERT_ID","eventMessage":"$TEXT_ONLY_MSG","title":"$EVENT_TITLE","url":"$LINK","alertTransition":"$ALERT_TRANSITION",
			"orgName":"$ORG_NAME","alertScope":"$ALERT_SCOPE","eventType":"$EVENT_TYPE","incident_pub_id":"$INCIDENT_PUBLIC_ID"}`,
		with("MonitorID Title Link Transition OrgName Scope EventType", Alert{Message: full.Text, Incident: Incident{PublicID: "42"}}),
	},
	{
		"camelCase with dates in seconds too",
		`{"id":"$ID","datePosix":"$DATE_POSIX","lastUpdatedPosix":"$LAST_UPDATED_POSIX","aggregKey":"$AGGREG_KEY","textOnlyMsg":"$TEXT_ONLY_MSG",
			"metricNamespace":"$METRIC_NAMESPACE","orgId":"$ORG_ID","alertCycleKey":"$ALERT_CYCLE_KEY","email":"$EMAIL"}`,
		with("ID Date LastUpdated AggregKey Text MetricNamespace OrgID CycleKey Email", Alert{}),
	},
	{
		"flat with date_posix and event_id",
		`{"alert_id":"$ALERT_ID","hostname":"$HOSTNAME","date_posix":"$DATE_POSIX","aggreg_key":"$AGGREG_KEY","title":"$EVENT_TITLE",
			"alert_status":"$ALERT_STATUS","alert_transition":"$ALERT_TRANSITION","link":"$LINK","event_msg":"$TEXT_ONLY_MSG","event_id":"$ID"}`,
		with("ID MonitorID Hostname Date AggregKey Title Status Transition Link", Alert{Message: full.Text}),
	},
	{
		"labels and annotations",
		`{"alert_instance_id":"$ID","alert_id":"$ALERT_ID","alert_name":"$ALERT_TITLE","alert_time":"$LAST_UPDATED","fire_time":"$DATE",
			"status":"$ALERT_TRANSITION","labels":{"tags":"$TAGS","region":"eu"},
			"annotations":{"title":"$EVENT_TITLE","event_msg":"$EVENT_MSG","text_only_msg":"$TEXT_ONLY_MSG"}}`,
		with("ID MonitorID AlertTitle Date Transition Tags Title Message Text", Alert{
			Extra: Extra{"alert_time": sample["LAST_UPDATED"], "fire_time": sample["DATE"], "status": "Triggered", "labels": map[string]any{"region": "eu"}},
		}),
	},
	{
		"a title, a message and constants in capitals",
		`{"ALERT_STATE":"$ALERT_TRANSITION","ALERT_TITLE":"$ALERT_TITLE","DETAILED_DESCRIPTION":"$EVENT_MSG","IMPACT":"3-Moderate",
			"SUPPORT_GROUP":"$TAGS[support_group]","THRESHOLD":"$THRESHOLD","URGENCY":"$ALERT_PRIORITY"}`,
		with("Transition AlertTitle Message", Alert{Priority: "P2", Extra: Extra{"ALERT_STATE": "Triggered", "DETAILED_DESCRIPTION": full.Message, "IMPACT": "3-Moderate", "URGENCY": "P2"}}),
	},
	{
		"alert_name, alert_message and alert_url",
		`{"host":"$HOSTNAME","env":"$ENV","service":"$SERVICE","alert_url":"$LINK","alert_name":"$EVENT_TITLE","query":"$ALERT_QUERY",
			"metric":"$ALERT_METRIC","alert_message":"$TEXT_ONLY_MSG","priority":"$PRIORITY","alert_status":"$ALERT_STATUS"}`,
		with("Status EventPriority Metric Query Hostname Link", Alert{AlertTitle: full.Title, Message: full.Text}),
	},
	{
		"monitor_name, status and timestamp",
		`{"timestamp":"$DATE","message":"$TEXT_ONLY_MSG","priority":"$ALERT_PRIORITY","monitor_name":"$ALERT_TITLE",
			"monitor_id":"$ALERT_ID","event_type":"$EVENT_TYPE","alert_status":"$ALERT_STATUS","status":"$ALERT_TRANSITION"}`,
		with("MonitorID AlertTitle Transition Status Date EventType", Alert{
			Message:  full.Text,
			Priority: "P2",
			Extra:    Extra{"monitor_name": full.AlertTitle, "status": "Triggered", "timestamp": sample["DATE"]},
		}),
	},
	{
		"summary, level and unique_key",
		`{"summary":"$EVENT_TITLE","body":"$EVENT_MSG","unique_key":"$ALERT_CYCLE_KEY","level":"$ALERT_TYPE","status":"$ALERT_TRANSITION",
			"links":[{"href":"$LINK","text":"Monitor"}]}`,
		with("Title Message Type Transition Link", Alert{
			Extra: Extra{"summary": full.Title, "unique_key": full.CycleKey, "level": "error", "status": "Triggered", "links": []any{map[string]any{"href": full.Link, "text": "Monitor"}}},
		}),
	},
	{
		"a number for the date and a list for the tags",
		`{"id":"$ID","alert_type":"$ALERT_TYPE","title":"$EVENT_TITLE","date":$DATE,"body":"$TEXT_ONLY_MSG","tags":["$TAGS"]}`,
		with("ID Type Title Date Tags", Alert{Message: full.Text}),
	},
	{
		"alert and event priority in each other's place",
		`{"id":"$ID","alert_title":"$EVENT_TITLE","alert_priority":"$PRIORITY","priority":"$ALERT_PRIORITY"}`,
		with("ID EventPriority", Alert{AlertTitle: full.Title, Priority: "P2"}),
	},
	{
		"an incident",
		`{"title":"$EVENT_TITLE","incident":{"public_id":"$INCIDENT_PUBLIC_ID","severity":"$INCIDENT_SEVERITY","status":"$INCIDENT_STATUS",
			"url":"$INCIDENT_URL","incident_message":"$INCIDENT_MSG","title":"$INCIDENT_TITLE","channel":"#inc-$INCIDENT_PUBLIC_ID"}}`,
		with("Title", Alert{
			Message:  "We look into it.",
			Extra:    Extra{"incident": map[string]any{"channel": "#inc-42"}},
			Incident: Incident{PublicID: "42", Severity: "SEV-2", Status: "active", URL: "https://app.datadoghq.com/incidents/42", Message: "We look into it.", Title: "Orders are late"},
		}),
	},
	{
		"kebab-case",
		`{"event-id":"$ID","event-title":"$EVENT_TITLE","event-msg":"$EVENT_MSG","alert-id":"$ALERT_ID","alert-cycle-key":"$ALERT_CYCLE_KEY",
			"text-only-msg":"$TEXT_ONLY_MSG","host-name":"$HOSTNAME"}`,
		with("ID Title Message MonitorID CycleKey Text Hostname", Alert{}),
	},
	{
		"keys that are the variables, dollar and all",
		`{"$ID":"$ID","$EVENT_TITLE":"$EVENT_TITLE","$ALERT_TRANSITION":"$ALERT_TRANSITION","$TAGS":"$TAGS"}`,
		with("ID Title Transition Tags", Alert{}),
	},
	{
		"monitor, host, user and org objects",
		`{"event_title":"$EVENT_TITLE","event_id":"$ID","monitor":{"id":"$ALERT_ID","name":"$ALERT_TITLE","query":"$ALERT_QUERY","kind":"metric"},
			"host":{"name":"$HOSTNAME","id":"77"},"user":{"name":"$USERNAME","email":"$EMAIL","id":"78"},
			"organization":{"id":"$ORG_ID","name":"$ORG_NAME"},"team":{"id":79,"name":"sales","url":"https://example.com"}}`,
		with("ID Title MonitorID AlertTitle Query Hostname Username Email OrgID OrgName", Alert{
			Extra: Extra{"monitor": map[string]any{"name": full.AlertTitle, "kind": "metric"}, "host": map[string]any{"id": "77"}, "user": map[string]any{"id": "78"}, "team": map[string]any{"id": int64(79), "name": "sales", "url": "https://example.com"}},
		}),
	},
	{
		"an alert_uid and an image",
		`{"alert_uid":"$ID","title":"$EVENT_TITLE","image_url":"$SNAPSHOT","state":"alerting","link_to_upstream_details":"$LINK","message":"$EVENT_MSG"}`,
		with("ID Title Message Snapshot Link", Alert{Extra: Extra{"alert_uid": full.ID, "image_url": full.Snapshot, "state": "alerting", "link_to_upstream_details": full.Link}}),
	},
	{
		"an action, and a summary inside payload",
		`{"routing_key":"k","event_action":"$ALERT_TRANSITION","dedup_key":"$ALERT_ID",
			"payload":{"summary":"$EVENT_TITLE","severity":"$ALERT_PRIORITY","custom_details":{"monitor_id":"$ALERT_ID"}}}`,
		with("Transition Title MonitorID", Alert{
			Priority: "P2",
			Extra:    Extra{"routing_key": "k", "event_action": "Triggered", "dedup_key": "221164084", "payload": map[string]any{"summary": full.Title, "severity": "P2", "custom_details": map[string]any{"monitor_id": "221164084"}}},
		}),
	},
	{
		"one container of any name",
		`{"dd":{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","alert_transition":"$ALERT_TRANSITION","tags":"$TAGS","custom":{"title":"no"}}}`,
		with("ID Title Message Transition Tags", Alert{Extra: Extra{"dd": map[string]any{"custom": map[string]any{"title": "no"}}}}),
	},
	{
		"the monitor's id as id",
		`{"title":"$EVENT_TITLE","body":"$TEXT_ONLY_MSG","alert_type":"$ALERT_TYPE","transition":"$ALERT_TRANSITION","id":"$ALERT_ID",
			"host":"$HOSTNAME","link":"$LINK","priority":"$PRIORITY"}`,
		with("Title Type Transition MonitorID Hostname Link EventPriority", Alert{Message: full.Text, Extra: Extra{"id": full.MonitorID}}),
	},
}
