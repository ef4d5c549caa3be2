package payload

import (
	"strings"
	"testing"

	"boomerang/events"
)

const defaultPayload = `{"body":"$EVENT_MSG","last_updated":"$LAST_UPDATED","event_type":"$EVENT_TYPE","title":"$EVENT_TITLE","date":"$DATE",
	"org":{"id":"$ORG_ID","name":"$ORG_NAME"},"id":"$ID"}`

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		template          string
		problems, missing []string // Each in its report, in this order.
	}{
		"ours":              {events.WebhookPayload, nil, nil},
		"Datadog's default": {defaultPayload, nil, []string{"$ALERT_TRANSITION", "$ALERT_ID", "$ALERT_SCOPE", "$ALERT_PRIORITY", "$ALERT_CYCLE_KEY", "$TAGS", `"link": "$LINK"`}},
		"no id":             {without("id"), []string{`without "id": "$ID" two alerts that say the same within 5 minutes become one event, and if nothing else names the event, reconcile posts it a second time`}, nil},
		"the monitor's id":  {with("id", `"$ALERT_ID"`), []string{"the id is $ALERT_ID, which other alerts have too: replace it by $ID"}, nil},
		"the cycle's key":   {with("id", `"$ALERT_CYCLE_KEY"`), []string{"the id is $ALERT_CYCLE_KEY"}, nil},
		"a word":            {with("id", `"datadog"`), []string{"the id is datadog"}, nil},
		"no date":           {without("date"), nil, []string{`"date": "$DATE"`}},
		"a wrong name":      {with("x", `"$ALERT_TRANSITON"`), []string{"$ALERT_TRANSITON is not a variable"}, nil},
		"a tag's value":     {with("x", `"$TAGS[service]"`), nil, nil},
		"text unquoted":     {with("event_title", "$EVENT_TITLE"), []string{"cannot be read as a JSON object at line", "$EVENT_TITLE stands outside of quotes"}, nil},
		"numbers unquoted":  {with("date", "$DATE"), nil, nil},
		"braces":            {with("x", `"${ALERT_QUERY}"`), []string{"write $ALERT_QUERY instead of ${ALERT_QUERY}"}, nil},
		"a request":         {string(events.Triggered), []string{"it has no variable of Datadog's"}, nil},
		"not JSON":          {"title=$EVENT_TITLE", []string{"cannot be read as a JSON object"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := Check(tt.template)
			contain(t, "problems", r.Problems, tt.problems)
			contain(t, "missing", r.Missing, tt.missing)
		})
	}
}

func contain(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s %q, want %q", what, got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("%s: %q lacks %q", what, got[i], want[i])
		}
	}
}

// lines are those of a template that has all that a template should have.
var lines = []string{
	`"id": "$ID"`, `"date": "$DATE"`, `"event_title": "$EVENT_TITLE"`, `"event_msg": "$TEXT_ONLY_MSG"`, `"alert_transition": "$ALERT_TRANSITION"`,
	`"alert_id": "$ALERT_ID"`, `"alert_scope": "$ALERT_SCOPE"`, `"alert_priority": "$ALERT_PRIORITY"`, `"alert_cycle_key": "$ALERT_CYCLE_KEY"`,
	`"tags": "$TAGS"`, `"org_id": "$ORG_ID"`, `"snapshot": "$SNAPSHOT"`,
}

// with returns that template with another value of a key.
func with(key, value string) string {
	return strings.Replace(without(key), "{", `{"`+key+`": `+value+",", 1)
}

func without(key string) string {
	var kept []string
	for _, l := range append(lines, `"link": "https://app.datadoghq.com/event/event?id=$ID"`) {
		if !strings.HasPrefix(l, `"`+key+`"`) {
			kept = append(kept, l)
		}
	}
	if key == "id" {
		kept[len(kept)-1] = `"link": "https://example.com"`
	}
	return "{" + strings.Join(kept, ",\n") + "}"
}
