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
		"everything in an event object",
		`{"event":{"id":"$ID","title":"$EVENT_TITLE","description":"$EVENT_MSG","priority":"$ALERT_PRIORITY","status":"$ALERT_TRANSITION",
			"date":"$DATE","url":"$LINK"}}`,
		with("ID Title Message Transition Date Link", Alert{Priority: "P2", Extra: Extra{"event": map[string]any{"description": full.Message, "status": "Triggered"}}}),
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
		"monitor, host, user and org objects",
		`{"event_title":"$EVENT_TITLE","event_id":"$ID","monitor":{"id":"$ALERT_ID","name":"$ALERT_TITLE","query":"$ALERT_QUERY","kind":"metric"},
			"host":{"name":"$HOSTNAME","id":"77"},"user":{"name":"$USERNAME","email":"$EMAIL","id":"78"},
			"organization":{"id":"$ORG_ID","name":"$ORG_NAME"},"team":{"id":79,"name":"sales","url":"https://example.com"}}`,
		with("ID Title MonitorID AlertTitle Query Hostname Username Email OrgID OrgName", Alert{
			Extra: Extra{"monitor": map[string]any{"name": full.AlertTitle, "kind": "metric"}, "host": map[string]any{"id": "77"}, "user": map[string]any{"id": "78"}, "team": map[string]any{"id": int64(79), "name": "sales", "url": "https://example.com"}},
		}),
	},
	{
		"one container of any name",
		`{"dd":{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","alert_transition":"$ALERT_TRANSITION","tags":"$TAGS","custom":{"title":"no"}}}`,
		with("ID Title Message Transition Tags", Alert{Extra: Extra{"dd": map[string]any{"custom": map[string]any{"title": "no"}}}}),
	},
}
