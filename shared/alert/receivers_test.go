package alert

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// receivers have payload templates in the shape that each one's page for Datadog, or its
// API, asks for: the keys are theirs, the arrangement is ours. certain is whether the
// event's id is. events/README.md lists them.
var receivers = []struct {
	name     string
	certain  bool
	template string
}{
	{"Datadog's default", true, `{"title":"$EVENT_TITLE","body":"$EVENT_MSG","event_type":"$EVENT_TYPE","id":"$ID","date":"$DATE","last_updated":"$LAST_UPDATED","org":{"name":"$ORG_NAME","id":"$ORG_ID"}}`},
	{"Torq", true, torq},
	{"AlertNow", true, `{"eventTitle":"$EVENT_TITLE","textOnlyMsg":"$TEXT_ONLY_MSG","alertId":"$ALERT_ID","id":"$ID","link":"$LINK","datePosix":"$DATE_POSIX","aggregKey":"$AGGREG_KEY","alertStatus":"$ALERT_STATUS","alertScope":"$ALERT_SCOPE","tags":"$TAGS","priority":"$PRIORITY"}`},
	{"Alerta", false, `{"resource":"$HOSTNAME","event":"$ALERT_TITLE","environment":"Production","severity":"$ALERT_TYPE","service":["shop"],"group":"Datadog","value":"$ALERT_STATUS","text":"$TEXT_ONLY_MSG","tags":["$TAGS"],"attributes":{"moreInfo":"$LINK"}}`},
	{"Alertmanager", false, `[{"labels":{"alertname":"$EVENT_TITLE","severity":"$ALERT_PRIORITY"},"annotations":{"description":"$TEXT_ONLY_MSG"},"generatorURL":"$LINK"}]`},
	{"AWS DevOps Agent", true, `{"action":"created","eventType":"incident","priority":"HIGH","service":"datadog","incidentId":"datadog-$ALERT_CYCLE_KEY","title":"$ALERT_TITLE","description":"$TEXT_ONLY_MSG","data":{"eventUrl":"$LINK","monitorId":"$ALERT_ID","alertScope":"$ALERT_SCOPE","alertTransition":"$ALERT_TRANSITION","alertPriority":"$ALERT_PRIORITY","tags":"$TAGS"}}`},
	{"BigPanda", true, `{"app_key":"k","status":"$ALERT_TYPE","host":"$HOSTNAME","check":"$ALERT_TITLE","description":"$EVENT_MSG","timestamp":"$DATE_POSIX","incident_identifier":"$ALERT_CYCLE_KEY"}`},
	{"Discord", false, `{"username":"Datadog","embeds":[{"title":"$EVENT_TITLE","description":"$TEXT_ONLY_MSG","url":"$LINK","color":15158332}]}`},
	{"EasyAlert", true, `{"id":"$ID","title":"$EVENT_TITLE","eventMsg":"$EVENT_MSG","alertId":"$ALERT_ID","alertStatus":"$ALERT_STATUS","alertTransition":"$ALERT_TRANSITION","link":"$LINK","team":"shop","customer":"us","environment":"production"}`},
	{"FireHydrant", true, `{"summary":"$EVENT_TITLE","body":"$EVENT_MSG","level":"$ALERT_TYPE","status":"$ALERT_TRANSITION","unique_key":"$ALERT_CYCLE_KEY","links":[{"text":"Monitor","href":"$LINK"}],"annotations":{"scope":"$ALERT_SCOPE"}}`},
	{"Freshservice", false, `{"email":"ops@example.com","subject":"$EVENT_TITLE","description":"<img src=\"$SNAPSHOT\"/><hr/>$TEXT_ONLY_MSG","status":2,"priority":2}`},
	{"Google Chat", false, `{"cardsV2":[{"cardId":"datadog","card":{"header":{"title":"$EVENT_TITLE","subtitle":"Datadog"},"sections":[{"widgets":[{"textParagraph":{"text":"$TEXT_ONLY_MSG"}},{"buttonList":{"buttons":[{"text":"Open","onClick":{"openLink":{"url":"$LINK"}}}]}}]}]}}]}`},
	{"Grafana OnCall", true, `{"alert_uid":"$ALERT_CYCLE_KEY","title":"$EVENT_TITLE","message":"$EVENT_MSG","state":"$ALERT_TRANSITION","image_url":"$SNAPSHOT","link_to_upstream_details":"$LINK"}`},
	{"ilert", true, `{"title":"$EVENT_TITLE","body":"$EVENT_MSG","alert_id":"$ALERT_ID","alert_transition":"$ALERT_TRANSITION","link":"$LINK","id":"$ID","date":"$DATE","org":{"id":"$ORG_ID"}}`},
	{"incident.io", true, `{"title":"$EVENT_TITLE","description":"$EVENT_MSG","status":"firing","deduplication_key":"$ALERT_CYCLE_KEY","source_url":"$LINK","metadata":{"id":"$ID","monitor_id":"$ALERT_ID","alert_transition":"$ALERT_TRANSITION","tags":"$TAGS"}}`},
	{"IncidentRelay", true, `{"alert_title":"$ALERT_TITLE","text_only_msg":"$TEXT_ONLY_MSG","event_id":"$ID","alert_id":"$ALERT_ID","alert_cycle_key":"$ALERT_CYCLE_KEY","alert_transition":"$ALERT_TRANSITION","alert_priority":"$ALERT_PRIORITY","link":"$LINK","tags":"$TAGS","date_posix":"$DATE_POSIX"}`},
	{"Jira", false, `{"fields":{"project":{"key":"OPS"},"issuetype":{"name":"Bug","id":"10001"},"priority":{"name":"High"},"summary":"$EVENT_TITLE","description":"$TEXT_ONLY_MSG","labels":["datadog"]}}`},
	{"Keep", true, `{"id":"$ID","monitor_id":"$ALERT_ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","severity":"$ALERT_PRIORITY","scopes":"$ALERT_SCOPE","url":"$LINK","tags":"$TAGS","alert_transition":"$ALERT_TRANSITION","date":"$LAST_UPDATED"}`},
	{"Microsoft Teams", false, `{"@type":"MessageCard","@context":"http://schema.org/extensions","themeColor":"d63333","summary":"$EVENT_TITLE","sections":[{"activityTitle":"$EVENT_TITLE","activitySubtitle":"$ALERT_STATUS","text":"$TEXT_ONLY_MSG","facts":[{"name":"Host","value":"$HOSTNAME"},{"name":"Scope","value":"$ALERT_SCOPE"}]}],"potentialAction":[{"@type":"OpenUri","name":"Open","targets":[{"os":"default","uri":"$LINK"}]}]}`},
	{"Microsoft Teams workflows", false, `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","weight":"Bolder","text":"$EVENT_TITLE"},{"type":"TextBlock","wrap":true,"text":"$TEXT_ONLY_MSG"}],"actions":[{"type":"Action.OpenUrl","title":"Open in Datadog","url":"$LINK"}]}}]}`},
	{"Moogsoft", false, `{"signature":"$ALERT_ID::$ALERT_SCOPE","source_id":"$HOSTNAME","external_id":"$ALERT_ID","severity":"$ALERT_TYPE","type":"$EVENT_TYPE","description":"$EVENT_TITLE $TEXT_ONLY_MSG","agent_time":"$DATE_POSIX"}`},
	{"n8n", true, `{"event":{"id":"$ID","title":"$EVENT_TITLE","text":"$EVENT_MSG","url":"$LINK"},"monitor":{"id":"$ALERT_ID"},"transition":"$ALERT_TRANSITION","priority":"$ALERT_PRIORITY"}`},
	{"OneUptime", true, `{"title":"$EVENT_TITLE","body":"$TEXT_ONLY_MSG","id":"$ALERT_ID","transition":"$ALERT_TRANSITION","alert_type":"$ALERT_TYPE","host":"$HOSTNAME","link":"$LINK","priority":"$PRIORITY"}`},
	{"Opsgenie", true, `{"message":"$EVENT_TITLE","alias":"$ALERT_CYCLE_KEY","description":"$EVENT_MSG","entity":"$HOSTNAME","priority":"$ALERT_PRIORITY","tags":["$TAGS"],"details":{"transition":"$ALERT_TRANSITION","link":"$LINK","monitor_id":"$ALERT_ID"}}`},
	{"PagerDuty", true, `{"routing_key":"k","event_action":"trigger","dedup_key":"$ALERT_CYCLE_KEY","client":"Datadog","client_url":"https://app.datadoghq.com","payload":{"summary":"$EVENT_TITLE","source":"$HOSTNAME","severity":"critical","custom_details":{"body":"$EVENT_MSG","event_id":"$ID","monitor_id":"$ALERT_ID","tags":"$TAGS"}},"links":[{"href":"$LINK","text":"Datadog"}]}`},
	{"Relay", true, `{"title":"$EVENT_TITLE","body":"$EVENT_MSG","event_type":"$EVENT_TYPE","date":"$DATE","last_updated":"$LAST_UPDATED","id":"$ID"}`},
	{"Robusta", true, `{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","date":"$DATE","org":{"id":"$ORG_ID"},"alert_transition":"$ALERT_TRANSITION","alert_scope":"$ALERT_SCOPE","tags":"$TAGS"}`},
	{"Rootly", true, `{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","alert_id":"$ALERT_ID","alert_title":"$ALERT_TITLE","alert_status":"$ALERT_STATUS","alert_transition":"$ALERT_TRANSITION","alert_priority":"$ALERT_PRIORITY","alert_cycle_key":"$ALERT_CYCLE_KEY","rootly":{"notification_target":{"type":"Service","id":"a1b2"}}}`},
	{"ServiceNow", false, `{"records":[{"source":"Datadog","event_class":"Datadog","node":"$HOSTNAME","metric_name":"$ALERT_METRIC","type":"$EVENT_TYPE","message_key":"$ALERT_CYCLE_KEY","severity":"1","description":"$EVENT_TITLE","additional_info":"$TEXT_ONLY_MSG"}]}`},
	{"Slack", false, `{"text":"$EVENT_TITLE","attachments":[{"color":"danger","title":"$ALERT_TITLE","title_link":"$LINK","text":"$TEXT_ONLY_MSG","image_url":"$SNAPSHOT","fields":[{"title":"Priority","value":"$ALERT_PRIORITY","short":true}]}]}`},
	{"Slack blocks", false, `{"blocks":[{"type":"header","text":{"type":"plain_text","text":"$EVENT_TITLE"}},{"type":"section","text":{"type":"mrkdwn","text":"$TEXT_ONLY_MSG"}},{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Open"},"url":"$LINK"}]}]}`},
	{"Splunk On-Call", true, `{"message_type":"$ALERT_TRANSITION","entity_id":"$ALERT_ID/$ALERT_SCOPE","entity_display_name":"$EVENT_TITLE","state_message":"$EVENT_MSG","state_start_time":"$DATE_POSIX","monitoring_tool":"Datadog","alert_url":"$LINK"}`},
	{"Squadcast", true, `{"alert_id":"$ALERT_ID","event_id":"$ID","title":"$EVENT_TITLE","event_msg":"$TEXT_ONLY_MSG","alert_transition":"$ALERT_TRANSITION","alert_query":"$ALERT_QUERY","alert_metric":"$ALERT_METRIC","hostname":"$HOSTNAME","url":"$LINK","priority":"$PRIORITY","tags":"$TAGS"}`},
	{"StackStorm", true, `{"trigger":"datadog.alert","trace_tag":"$ID","payload":{"title":"$EVENT_TITLE","body":"$EVENT_MSG","alert_id":"$ALERT_ID","transition":"$ALERT_TRANSITION","tags":"$TAGS"}}`},
	{"TaskCall", true, `{"title":"$EVENT_TITLE","body":"$EVENT_MSG","text_msg":"$TEXT_ONLY_MSG","id":"$ID","aggreg_key":"$AGGREG_KEY","link":"$LINK","alert":{"id":"$ALERT_ID","cycle_key":"$ALERT_CYCLE_KEY","transition":"$ALERT_TRANSITION","title":"$ALERT_TITLE","status":"$ALERT_STATUS","scope":"$ALERT_SCOPE"},"priority":"$PRIORITY"}`},
	{"Telegram", false, `{"chat_id":"-100200","parse_mode":"Markdown","text":"*$EVENT_TITLE*\n$TEXT_ONLY_MSG\n$LINK"}`},
	{"Tines", true, `{"alert_id":"$ID","alert_title":"$EVENT_TITLE","alert_message":"$EVENT_MSG","alert_url":"$LINK","alert_status":"$ALERT_STATUS","monitor":"$ALERT_ID"}`},
	{"xMatters", true, `{
		"event_msg": "$TEXT_ONLY_MSG"
		"event_title": "$EVENT_TITLE",
		"event_type": "$EVENT_TYPE",
		"alert": {"id": "$ALERT_ID", "transition": "$ALERT_TRANSITION", "priority": "$ALERT_PRIORITY"},
		"link": "$LINK",
		"id": "$ID"
	}`},
	{"AlertOps", true, `{"subject":"$EVENT_TITLE","messageText":"$EVENT_MSG","sourceId":"$ALERT_CYCLE_KEY","sourceStatus":"$ALERT_TRANSITION","sourceUrl":"$LINK","severity":"$ALERT_TYPE"}`},
	{"Better Stack", true, `{"alert_id":"$ALERT_ID","alert_scope":"$ALERT_SCOPE","title":"$EVENT_TITLE","cause":"$TEXT_ONLY_MSG","status":"$ALERT_TRANSITION","started_at":"$DATE_POSIX","link":"$LINK"}`},
	{"DingTalk", false, `{"msgtype":"markdown","markdown":{"title":"$EVENT_TITLE","text":"#### $EVENT_TITLE\n$TEXT_ONLY_MSG\n[Open]($LINK)"}}`},
	{"GitHub", false, `{"title":"$EVENT_TITLE","body":"$TEXT_ONLY_MSG\n\n[Datadog]($LINK)","labels":["alert"]}`},
	{"GitHub dispatch", true, `{"event_type":"datadog","client_payload":{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG","transition":"$ALERT_TRANSITION"}}`},
	{"GitLab", false, `{"token":"t","ref":"main","variables":[{"key":"TITLE","value":"$EVENT_TITLE"},{"key":"MESSAGE","value":"$TEXT_ONLY_MSG"},{"key":"LINK","value":"$LINK"},{"key":"ALERT_ID","value":"$ALERT_ID"}]}`},
	{"Lark", false, `{"msg_type":"interactive","card":{"header":{"template":"red","title":{"tag":"plain_text","content":"$EVENT_TITLE"}},"elements":[{"tag":"div","text":{"tag":"lark_md","content":"$TEXT_ONLY_MSG"}},{"tag":"action","actions":[{"tag":"button","text":{"tag":"plain_text","content":"Open"},"url":"$LINK"}]}]}}`},
	{"Mattermost", false, `{"username":"Datadog","icon_url":"https://example.com/a.png","text":"#### $EVENT_TITLE\n$TEXT_ONLY_MSG","props":{"card":"$ALERT_STATUS"}}`},
	{"PagerTree", true, `{"Id":"$ID","Title":"$EVENT_TITLE","Description":"$EVENT_MSG","Urgency":"high","Tags":["$TAGS"]}`},
	{"SIGNL4", true, `{"Title":"$EVENT_TITLE","Message":"$EVENT_MSG","X-S4-ExternalID":"$ALERT_ID","X-S4-Status":"new","X-S4-SourceSystem":"Datadog"}`},
	{"Statuspage", false, `{"incident":{"name":"$EVENT_TITLE","status":"investigating","impact_override":"major","body":"$TEXT_ONLY_MSG","metadata":{"datadog":{"link":"$LINK"}}}}`},
	{"Webex", false, `{"roomId":"r","markdown":"**$EVENT_TITLE**\n\n$TEXT_ONLY_MSG"}`},
	{"Zendesk", false, `{"ticket":{"subject":"$EVENT_TITLE","priority":"urgent","tags":["datadog"],"comment":{"body":"$TEXT_ONLY_MSG"}}}`},
	{"Zenduty", true, `{"alert_id":"$ALERT_ID","title":"$EVENT_TITLE","event_msg":"$TEXT_ONLY_MSG","alert_status":"$ALERT_STATUS","alert_transition":"$ALERT_TRANSITION","hostname":"$HOSTNAME","aggreg_key":"$AGGREG_KEY","date_posix":"$DATE_POSIX","link":"$LINK"}`},
	{"Azure DevOps", false, `[{"op":"add","path":"/fields/System.Title","value":"$EVENT_TITLE"},{"op":"add","path":"/fields/System.Description","value":"$TEXT_ONLY_MSG"},{"op":"add","path":"/relations/-","value":{"rel":"Hyperlink","url":"$LINK"}}]`},
	{"GoAlert", true, `{"summary":"$EVENT_TITLE","details":"$EVENT_MSG","action":"trigger","dedup":"$ALERT_CYCLE_KEY"}`},
	{"Jenkins", false, `{"parameter":[{"name":"TITLE","value":"$EVENT_TITLE"},{"name":"MESSAGE","value":"$TEXT_ONLY_MSG"},{"name":"TRANSITION","value":"$ALERT_TRANSITION"}]}`},
	{"Kubiya", true, `{"name":"incident","steps":[{"name":"parse","command":"echo '$EVENT_TITLE'"}],"params":{"incident_title":"$EVENT_TITLE","incident_body":"$EVENT_MSG","incident_severity":"$ALERT_PRIORITY"}}`},
	{"Linear", true, `{"query":"mutation IssueCreate($input: IssueCreateInput!) { issueCreate(input: $input) { success } }","variables":{"input":{"title":"$EVENT_TITLE","description":"$EVENT_MSG","teamId":"t"}}}`},
	{"ntfy", false, `{"topic":"ops","title":"$EVENT_TITLE","message":"$TEXT_ONLY_MSG","tags":["warning"],"click":"$LINK"}`},
	{"Splunk HEC", true, `{"time":"$DATE_POSIX","host":"$HOSTNAME","source":"datadog","event":{"title":"$EVENT_TITLE","msg":"$EVENT_MSG","transition":"$ALERT_TRANSITION","monitor":"$ALERT_ID","url":"$LINK"}}`},
	{"Trello", true, `{"name":"$USER : $EVENT_TITLE","desc":"$EVENT_MSG","pos":"bottom","idList":"l"}`},
	{"WeCom", false, `{"msgtype":"markdown","markdown":{"content":"### <font color=\"warning\">$EVENT_TITLE</font>\n> $ALERT_TRANSITION\n\n$TEXT_ONLY_MSG\n[Open]($LINK)"}}`},
	{"Zulip", false, `{"type":"stream","to":"ops","topic":"$ALERT_TITLE","content":"**$EVENT_TITLE**\n$TEXT_ONLY_MSG"}`},
}

// Each receiver's four notifications of a cycle are four alerts with their own words.
func TestDecode_Receivers(t *testing.T) {
	for _, r := range receivers {
		t.Run(r.name, func(t *testing.T) {
			checkCycle(t, r.template)
			for _, values := range cycle {
				a := decode(t, string(renderWith(t, values, r.template)))
				title := a.Title + a.AlertTitle
				if title == "" {
					title = firstLine(a.Message) // As the event has it.
				}
				hasID := strings.Contains(r.template, `"$LINK"`) || strings.Contains(r.template, "$EVENT_MSG")
				switch {
				case a.Certain() != r.certain:
					t.Errorf("certain: %v, guessed %v", a.Certain(), a.Guessed)
				case hasID && a.ID != values["ID"]:
					t.Errorf("id %q, want %q, guessed %v", a.ID, values["ID"], a.Guessed)
				case !strings.Contains(title, "Orders pile up"):
					t.Errorf("title %q, guessed %v", title, a.Guessed)
				case !strings.Contains(a.Message+a.Text, "Orders wait"):
					t.Errorf("message %q", a.Message)
				case string(a.Transition) != values["ALERT_TRANSITION"]:
					t.Errorf("transition %q, guessed %v", a.Transition, a.Guessed)
				case !strings.Contains(a.Scope, "host:orders-1"):
					t.Errorf("group %q, guessed %v", a.Scope, a.Guessed)
				case a.MonitorID != "" && a.MonitorID != "221164084":
					t.Errorf("monitor %q, guessed %v", a.MonitorID, a.Guessed)
				case a.MonitorID == "" && (strings.Contains(r.template, `"$ALERT_ID"`) && r.name != "Moogsoft" || strings.Contains(r.template, "$EVENT_MSG")):
					t.Errorf("no monitor, guessed %v", a.Guessed)
				case strings.Contains(r.template, "$LINK") && a.Link == "" && hasID:
					t.Errorf("no link, guessed %v", a.Guessed)
				}
			}
		})
	}
}

// The document lists the receivers, and how long a key of each holds.
func TestReceivers_Documented(t *testing.T) {
	document, err := os.ReadFile("../../events/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, want []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| (15 days|5 minutes) \|$`).FindAllStringSubmatch(string(document), -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			rows = append(rows, name+": "+row[2])
		}
	}
	for _, r := range receivers {
		want = append(want, r.name+": "+map[bool]string{true: "15 days", false: "5 minutes"}[r.certain])
	}
	slices.Sort(rows)
	slices.Sort(want)
	if !slices.Equal(rows, want) {
		t.Errorf("events/README.md lists\n%q, want\n%q", rows, want)
	}
}
