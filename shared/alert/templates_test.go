package alert

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
		`{"id":"$ID","link":"$LINK","alert":{"priority":"$ALERT_PRIORITY","type":"$ALERT_TYPE","transition":"$ALERT_TRANSITION",
			"id":"$ALERT_ID"},"event_title":"$EVENT_TITLE","event_msg":"$TEXT_ONLY_MSG","event_type":"$EVENT_TYPE",
			"last_updated":"$LAST_UPDATED"}`,
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
		`{"host":"$HOSTNAME","env":"$ENV","service":"$SERVICE","alert_url":"$LINK","alert_name":"$EVENT_TITLE","query":"$ALERT_QUERY",
			"metric":"$ALERT_METRIC","alert_message":"$TEXT_ONLY_MSG","priority":"$PRIORITY","alert_status":"$ALERT_STATUS"}`,
		Alert{
			AlertTitle: full.Title, Message: full.Text, Status: full.Status, EventPriority: "normal", Metric: full.Metric,
			Query: full.Query, Hostname: "orders-1", Link: full.Link,
		},
	},
	{
		"monitor_name, status and timestamp",
		`{"timestamp":"$DATE","message":"$TEXT_ONLY_MSG","priority":"$ALERT_PRIORITY","monitor_name":"$ALERT_TITLE",
			"monitor_id":"$ALERT_ID","event_type":"$EVENT_TYPE","alert_status":"$ALERT_STATUS","status":"$ALERT_TRANSITION"}`,
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
