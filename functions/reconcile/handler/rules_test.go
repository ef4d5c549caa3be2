package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
	"boomerang/shared/telemetry/telemetrytest"
)

const toUs = `"recipients":["slack-ops","webhook-boomerang"]`

// routedEnv is an env whose alerts mention no one.
func routedEnv(t *testing.T, rules ...string) *env {
	e := newEnv(t)
	e.fake.AddMonitor(fakedatadog.Monitor{
		ID: monitorID, OrgID: 352001, Name: "Checkout is slow", Priority: new(int64(2)), Tags: []string{"service:checkout", "Team:data platform"},
	})
	for _, rule := range rules {
		e.fake.AddNotificationRule(`{"name":"a",` + rule + `}`)
	}
	return e
}

func (e *env) addRouted(state string, age time.Duration, groups ...string) string {
	return e.addAlert(age, func(event *fakedatadog.Event) {
		event.Title, event.Text, event.MonitorGroups = "["+state+"] Checkout is slow", "%%%\nLook at the deploys.\n%%%", groups
		event.Tags = []string{"monitor", "service:checkout", "rack:7"} // Some of Datadog's tags are of neither monitor nor group.
	})
}

func conditions(fallback string, all ...string) string {
	return fmt.Sprintf(`"filter":{"tags":["service:checkout"]},"conditional_recipients":{"conditions":[%s],"fallback_recipients":[%s]}`, strings.Join(all, ","), fallback)
}

func condition(scope, recipient string) string {
	return fmt.Sprintf(`{"scope":%q,"recipients":[%q]}`, scope, recipient)
}

func TestHandler_NotificationRules(t *testing.T) {
	const ours, other = "webhook-boomerang", "slack-ops"
	type decision int
	const no, undecided, yes decision = 0, 1, 2
	filter := func(f, recipients string) []string { return []string{`"filter":{` + f + `},` + recipients} }
	for name, tt := range map[string]struct {
		rules []string
		state string // Triggered if empty
		want  decision
	}{
		"no rule":                         {want: no},
		"tags":                            {rules: filter(`"tags":["service:checkout","host:web-1"]`, toUs), want: yes},
		"tags in another case":            {rules: filter(`"tags":["Service:Checkout","team:data platform"]`, toUs), want: yes},
		"one tag of two":                  {rules: filter(`"tags":["service:checkout","host:web-2"]`, toUs), want: no},
		"tag of the event alone":          {rules: filter(`"tags":["rack:7"]`, toUs), want: no},
		"wildcard in tags":                {rules: filter(`"tags":["service:*"]`, toUs), want: undecided},
		"scope":                           {rules: filter(`"scope":"service:(cart OR checkout) AND NOT env:dev"`, toUs), want: yes},
		"scope with quotes":               {rules: filter(`"scope":"team:\"data platform\" env:*"`, toUs), want: yes},
		"scope of others":                 {rules: filter(`"scope":"NOT env:prod"`, toUs), want: no},
		"undocumented scope":              {rules: filter(`"scope":"service:check*"`, toUs), want: undecided},
		"undocumented scope, not to us":   {rules: filter(`"scope":"service:check*"`, `"recipients":["slack-ops"]`), want: no},
		"another filter":                  {rules: filter(`"query":"x"`, toUs), want: undecided},
		"webhook in another case":         {rules: filter(`"scope":"env:prod"`, `"recipients":["Webhook-Boomerang"]`), want: yes},
		"another webhook":                 {rules: filter(`"scope":"env:prod"`, `"recipients":["webhook-boomerang-eu"]`), want: no},
		"templated recipient":             {rules: filter(`"scope":"env:prod"`, `"recipients":["webhook-{{team.name}}"]`), want: undecided},
		"templated recipient and ours":    {rules: filter(`"scope":"env:prod"`, `"recipients":["slack-{{team.name}}","webhook-boomerang"]`), want: yes},
		"templated, other alerts":         {rules: filter(`"scope":"env:dev"`, `"recipients":["webhook-{{team.name}}"]`), want: no},
		"recipients from tags":            {rules: filter(`"scope":"env:prod"`, `"routing":{"by":"team"}`), want: undecided},
		"bundle":                          {rules: filter(`"scope":"env:prod"`, toUs+`,"bundle_config":{"duration":60}`), want: undecided},
		"bundle of others":                {rules: filter(`"scope":"env:dev"`, toUs+`,"bundle_config":{"duration":60}`), want: no},
		"undecided and matching":          {rules: append(filter(`"scope":"x"`, toUs), filter(`"scope":"env:prod"`, toUs)...), want: yes},
		"state":                           {rules: []string{conditions("", condition("transition_type:is_alert", ours))}, want: yes},
		"another state":                   {rules: []string{conditions("", condition("transition_type:is_alert", ours))}, state: "Warn", want: no},
		"warning":                         {rules: []string{conditions("", condition("transition_type:is_warning", ours))}, state: "Warn", want: yes},
		"no data":                         {rules: []string{conditions("", condition("transition_type:is_no_data", ours))}, state: "No data", want: yes},
		"recovery":                        {rules: []string{conditions("", condition("transition_type:is_recovery", ours))}, state: "Recovered", want: yes},
		"recovery of a warning":           {rules: []string{conditions("", condition("transition_type:is_recovery", ours))}, state: "Warn Recovered", want: yes},
		"renotification":                  {rules: []string{conditions("", condition("transition_type:is_alert", ours))}, state: "Re-Triggered", want: undecided},
		"unknown state":                   {rules: []string{conditions("", condition("transition_type:is_alert", ours))}, state: "x", want: undecided},
		"unknown state, not to us":        {rules: []string{conditions(`"webhook-boomerang"`, condition("env:prod", ours), condition("transition_type:is_alert", other))}, state: "x", want: yes},
		"another type":                    {rules: []string{conditions("", condition("transition_type:is_alert_to_warning", ours))}, state: "Warn", want: undecided},
		"undocumented type":               {rules: []string{conditions("", condition("transition_type:alert", ours))}, want: undecided},
		"priority":                        {rules: []string{conditions("", condition("priority:p2", ours))}, want: yes},
		"another priority":                {rules: []string{conditions("", condition("priority:p1", ours))}, want: no},
		"tag of a condition":              {rules: []string{conditions("", condition("env:prod", ours))}, want: yes},
		"second condition":                {rules: []string{conditions("", condition("env:prod", other), condition("priority:P2", ours))}, want: yes},
		"fallback":                        {rules: []string{conditions(`"webhook-boomerang"`, condition("env:dev", other))}, want: yes},
		"no fallback after a match":       {rules: []string{conditions(`"webhook-boomerang"`, condition("env:dev", other), condition("env:prod", other))}, want: no},
		"fallback after an undecided one": {rules: []string{conditions(`"webhook-boomerang"`, condition("transition_type:x", other))}, want: undecided},
		"conditions of others":            {rules: []string{conditions(`"slack-ops"`, condition("transition_type:x", other))}, want: no},
		"conditions, other alerts": {
			rules: []string{`"filter":{"scope":"env:dev"},"conditional_recipients":{"conditions":[` + condition("transition_type:x", ours) + `]}`}, want: no,
		},
		"all recipients are ours":   {rules: []string{conditions(`"webhook-boomerang"`, condition("transition_type:is_alert", ours))}, state: "Re-Triggered", want: yes},
		"older than the alert":      {rules: filter(`"scope":"env:prod"`, toUs+`,"created_at":"2026-11-21T09:39:59.5+00:00","modified_at":"1970-01-01T00:00:00+00:00"`), want: yes},
		"younger than the alert":    {rules: filter(`"scope":"env:prod"`, toUs+`,"created_at":"2026-11-21T09:40:01+00:00","modified_at":"1970-01-01T00:00:00+00:00"`), want: no},
		"changed since the alert":   {rules: filter(`"scope":"env:prod"`, toUs+`,"created_at":"2026-11-20T09:40:00+00:00","modified_at":"2026-11-21T09:50:00+00:00"`), want: undecided},
		"changed, not its alert":    {rules: filter(`"scope":"env:dev"`, toUs+`,"created_at":"2026-11-20T09:40:00+00:00","modified_at":"2026-11-21T09:50:00+00:00"`), want: no},
		"key of a state in a scope": {rules: filter(`"scope":"transition_type:is_alert"`, toUs), want: no},
	} {
		t.Run(name, func(t *testing.T) {
			e := routedEnv(t, tt.rules...)
			state := tt.state
			if state == "" {
				state = "Triggered"
			}
			id := e.addRouted(state, 20*time.Minute, "host:web-1,env:prod")
			var ids []string
			if tt.want == yes {
				ids = []string{id}
			}
			got := e.run("")
			if got.Matched != len(ids) || got.Queued != len(ids) || (got.Undecided == 1) != (tt.want == undecided) {
				t.Errorf("logged %+v", got)
			}
			e.checkQueued(ids...)
		})
	}
}

// Beside the alerts that a rule routes, those with a mention are read as before.
func TestHandler_NotificationRules_Mention(t *testing.T) {
	e := routedEnv(t, `"filter":{"tags":["env:prod"]},`+toUs)
	mentioned := e.addAlert(30*time.Minute, func(event *fakedatadog.Event) { event.MonitorID = 4712 })
	routed := e.addRouted("Triggered", 25*time.Minute, "host:a,env:prod")
	e.addRouted("Triggered", 20*time.Minute, "host:b,env:dev")
	e.know(organization + ":" + e.addRouted("Triggered", 15*time.Minute, "host:c,env:prod"))
	deleted := func(event *fakedatadog.Event) { event.Text, event.MonitorID = "no mention", 4712 }
	e.addAlert(10*time.Minute, deleted)
	if got := e.run(""); got.Read != 5 || got.Matched != 3 || got.Missing != 2 || got.Undecided != 1 || got.Level != "WARN" {
		t.Errorf("logged %+v", got)
	}
	e.checkQueued(mentioned, routed)
	calls := map[fakedatadog.Route]int{}
	for _, r := range e.fake.Requests() {
		calls[r.Route]++
	}
	if calls[fakedatadog.RuleList] != 1 || calls[fakedatadog.MonitorGet] > 4 {
		t.Errorf("called %v", calls)
	}
}

// While no rule is known a failed list is a warning. Later it fails the run, or the alerts
// of the rule would be missed.
func TestHandler_NotificationRules_Unread(t *testing.T) {
	for name, fault := range map[string]fakedatadog.Fault{"down": fakedatadog.Status(503), "forbidden": fakedatadog.Forbidden} {
		t.Run(name, func(t *testing.T) {
			e := routedEnv(t)
			fail := func() {
				if err := e.fake.Inject(fakedatadog.RuleList, fault, 0); err != nil {
					t.Fatal(err)
				}
			}
			fail()
			mentioned := e.addAlert(20 * time.Minute)
			e.addRouted("Triggered", 20*time.Minute, "env:prod")
			if got := e.run(""); got.Level != "WARN" || got.Undecided != 1 || !strings.Contains(got.Error, "list the notification rules") {
				t.Errorf("logged %+v", got)
			}
			e.checkQueued(mentioned)
			e.fails = func(call string) bool { return call == "Watermark of notification_rules" }
			e.run(errDown.Error())
			e.fails = func(string) bool { return false }
			e.fake.ClearFaults()
			e.fake.AddNotificationRule(`{"name":"a","filter":{"tags":["env:prod"]},` + toUs + `}`)
			e.advance(time.Hour)
			e.run("")
			e.checkQueued()
			fail()
			e.advance(time.Hour)
			routed := e.addRouted("Triggered", 20*time.Minute, "env:prod")
			e.run("list the notification rules")
			e.advance(time.Hour)
			e.run("list the notification rules")
			e.checkQueued()
			e.fake.ClearFaults()
			e.advance(time.Hour)
			e.run("")
			e.checkQueued(routed)
			fail()
			e.advance(rulesKept)
			if got := e.run(""); !strings.Contains(got.Error, "list the notification rules") {
				t.Errorf("logged %+v", got)
			}
		})
	}
}

func TestHandler_NotificationRules_Metric(t *testing.T) {
	for want, rule := range map[string]string{"boomerang.undecided:2|d|#reason:rule": `"filter":{"scope":"x"},` + toUs, "boomerang.undecided:2|d|#reason:list": ""} {
		e := routedEnv(t)
		if rule == "" {
			e.fails = func(name string) bool { return name == "NotificationRules" }
		} else {
			e.fake.AddNotificationRule(`{"name":"a",` + rule + `}`)
		}
		e.addRouted("Triggered", 20*time.Minute, "env:prod")
		e.addRouted("Recovered", 10*time.Minute, "env:prod")
		r := telemetrytest.During(t, func(ctx context.Context) {
			if err := e.handler.Handle(ctx); err != nil {
				t.Error(err)
			}
		})
		got := slices.DeleteFunc(r.Lines(t), func(line string) bool { return strings.HasPrefix(line, "boomerang.ratelimit") })
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	}
}

// Cycles of routed alerts are remembered, too.
func TestHandler_NotificationRules_History(t *testing.T) {
	e := newHistoryEnv(t)
	e.fake.AddNotificationRule(`{"name":"a","filter":{"tags":["host:a"]},` + toUs + `}`)
	unmentioned := func(event *fakedatadog.Event) { event.Text = "no mention" }
	for _, group := range []string{"host:a", "host:b"} {
		e.notify(20*day, "Triggered", group, unmentioned)
		e.notify(20*day-time.Hour, "Recovered", group, unmentioned)
	}
	if got := e.run(""); got.Remembered != 1 || len(e.past[keyOfGroup("host:a")]) != 1 || got.Undecided != 0 {
		t.Errorf("logged %+v, remembers %v", got, e.past)
	}
}
