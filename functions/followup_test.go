package functions_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

const followUpPlaybooks = `
playbooks:
  - name: followed
    after: 1m
    limit: 1000
    steps: [{uses: metric}, {uses: monitor}, {uses: related_events}, {uses: suspects}]
`

const (
	followUpAfter = time.Minute
	followUpTag   = "follow_up:1m"
)

// withFollowUps writes playbooks with a follow-up after a minute.
func withFollowUps(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"PLAYBOOKS_FILE": writePlaybooks(t, followUpPlaybooks)}
}

// followUpsIn returns the events of a stack that are follow-ups.
func followUpsIn(s *e2e.Stack) (all []fakedatadog.Event) {
	for _, p := range s.Datadog.Posted() {
		if slices.Contains(p.Event.Tags, followUpTag) {
			all = append(all, p.Event)
		}
	}
	return all
}

// mustFollowUp delivers follow-ups until their queue is empty.
func mustFollowUp(t *testing.T, s *e2e.Stack, worker *e2e.Instance, timeout time.Duration) {
	t.Helper()
	for end := time.Now().Add(timeout); ; {
		if b := s.PollFollowUps(worker, limit); b.Received == 0 {
			if s.Length(s.FollowUps) == 0 {
				break
			}
			s.LetPass(0)
		}
		if time.Now().After(end) {
			t.Errorf("%d messages are still in the queue; the worker wrote %s", s.Length(s.FollowUps), worker.Output())
			return
		}
	}
	for _, m := range s.Take(s.DeadLetters) {
		t.Errorf("a dead letter: %s", reason(m))
	}
}

func TestFollowUp(t *testing.T) {
	s, webhook, worker := beginWith(t, withFollowUps(t))
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "posted")
	mustDeliver(t, webhook, e2e.Alert{ID: 2}, "posted")
	n := s.Length(s.FollowUps)
	if n < 2 { // Each attempt on an alert sends its message.
		t.Fatalf("%d messages wait", n)
	}
	// Before their time they are sent again.
	if b := s.PollFollowUps(worker, limit); b.Received == 0 || b.Failed > 0 || s.Length(s.FollowUps) != n || len(followUpsIn(s)) > 0 {
		t.Fatalf("%+v; %d messages wait; the worker wrote %s", b, s.Length(s.FollowUps), worker.Output())
	}
	mustDeliver(t, webhook, e2e.Alert{ID: 3, Cycle: "cycle-2", Transition: "Recovered"}, "posted")
	s.LetPass(followUpAfter)
	mustFollowUp(t, s, worker, timeout)
	all := followUpsIn(s)
	if len(all) != 1 {
		t.Fatalf("%d follow-ups; the worker wrote %s", len(all), worker.Output())
	}
	first, followUp := s.Datadog.Posted()[0].Event, all[0]
	if !strings.HasSuffix(followUp.Title, " after 1 min: [P2] Checkout p95 latency is high") || followUp.AggregationKey != "cycle-1" || followUp.AggregationKey != first.AggregationKey {
		t.Errorf("got %+v", followUp)
	}
	if strings.Contains(followUp.Text, " @") {
		t.Errorf("a mention in %s", followUp.Text)
	}
	if log := worker.Output(); !strings.Contains(log, `"follow_up":"1m"`) || !strings.Contains(log, "the alert recovered at") {
		t.Errorf("the log does not distinguish the follow-ups: %s", log)
	}
}

// TestFollowUp_Crash kills the worker at every call that it makes about a follow-up.
func TestFollowUp_Crash(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]crash{
		"at the cycle":          {service: "DynamoDB", operation: "GetItem", nth: 1},
		"at the alert's event":  {service: "DynamoDB", operation: "GetItem", nth: 2},
		"before the claim":      {service: "DynamoDB", operation: "PutItem", nth: 1},
		"after the claim":       {service: "DynamoDB", operation: "PutItem", nth: 1, after: true},
		"at a monitor's read":   {datadog: "GET /api/v1/monitor/"},
		"at the second look":    {service: "DynamoDB", operation: "GetItem", nth: 4},
		"before the post":       {datadog: "POST /api/v1/events"},
		"after the post":        {datadog: "POST /api/v1/events", after: true},
		"before the completion": {service: "DynamoDB", operation: "PutItem", nth: 2},
		"after the completion":  {service: "DynamoDB", operation: "PutItem", nth: 2, after: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variables := withFollowUps(t)
			s, worker := c.start(t, e2e.Redeliver, variables, func(s *e2e.Stack) {
				mustDeliver(t, s.Start(e2e.Webhook, variables), e2e.Alert{ID: delivered}, "posted")
				s.LetPass(followUpAfter)
			})
			mustDieOf(t, s, s.PollFollowUps(worker, limit))
			s.LetPass(0)
			mustFollowUp(t, s, s.Start(e2e.Redeliver, variables), timeout)
			if n := len(followUpsIn(s)); n != 1 {
				t.Errorf("%d follow-ups", n)
			}
		})
	}
}

// TestFollowUp_WebhookCrash kills the webhook around the messages for follow-ups. The alert
// comes again, and its follow-up comes once.
func TestFollowUp_WebhookCrash(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]crash{
		"before the message": {service: "SQS", operation: "SendMessage", nth: 1},
		"after the message":  {service: "SQS", operation: "SendMessage", nth: 1, after: true},
		"after the post":     {datadog: "POST /api/v1/events", after: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variables := withFollowUps(t)
			s, webhook := c.start(t, e2e.Webhook, variables, nil)
			mustDie(t, s, webhook, e2e.Alert{ID: delivered}, limit)
			worker := s.Start(e2e.Redeliver, variables)
			insist(t, s.Start(e2e.Webhook, variables), e2e.Alert{ID: delivered})
			mustDrain(t, s, worker)
			s.LetPass(followUpAfter)
			mustFollowUp(t, s, worker, timeout)
			if n := len(followUpsIn(s)); n != 1 || len(s.Datadog.Posted()) != 2 && lateCalls(s) == 0 {
				t.Errorf("%d follow-ups of %d events", n, len(s.Datadog.Posted()))
			}
		})
	}
}

// TestFollowUp_TwoStacks has two stacks in one organization, and a worker of each that is killed
// after its post. Each follows up its own event, once.
func TestFollowUp_TwoStacks(t *testing.T) {
	t.Parallel()
	organization := e2e.New(t)
	organization.AddMonitors(4711)
	var victim *e2e.Instance
	datadog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if victim != nil && strings.HasPrefix(r.URL.Path, "/api/v1/events") && r.Method == http.MethodPost {
			w = httptest.NewRecorder()
			defer victim.Kill()
		}
		organization.Datadog.ServeHTTP(w, r)
	}))
	t.Cleanup(datadog.Close)
	stacks := map[string]*e2e.Stack{"webhook:one": organization, "webhook:two": e2e.New(t)}
	for name, s := range stacks {
		variables := withFollowUps(t)
		variables["WEBHOOK_NAME"], variables[string(e2e.Datadog)] = strings.TrimPrefix(name, "webhook:"), datadog.URL
		mustDeliver(t, s.Start(e2e.Webhook, variables), e2e.Alert{ID: delivered}, "posted")
		s.LetPass(followUpAfter)
		victim = s.Start(e2e.Redeliver, variables)
		mustDieOf(t, s, s.PollFollowUps(victim, limit))
		victim = nil
		s.LetPass(0)
		mustFollowUp(t, s, s.Start(e2e.Redeliver, variables), timeout)
	}
	firsts := map[string]int64{}
	for _, p := range organization.Datadog.Posted() {
		if name := p.Event.Tags[slices.IndexFunc(p.Event.Tags, func(tag string) bool { return stacks[tag] != nil })]; !slices.Contains(p.Event.Tags, followUpTag) {
			firsts[name] = p.Event.ID
		} else if p.Event.RelatedEventID != firsts[name] {
			t.Errorf("the follow-up of %s is about %d, want %d", name, p.Event.RelatedEventID, firsts[name])
		}
	}
	if n := len(organization.Datadog.Posted()); n != 4 {
		t.Errorf("%d events of two stacks, want 4", n)
	}
}

// TestFollowUp_Payloads has payloads without ids and dates, clocks that differ, and one
// cycle key in two organizations. Each is a trigger, and what comes before its follow-up.
func TestFollowUp_Payloads(t *testing.T) {
	s, webhook, worker := beginWith(t, withFollowUps(t))
	without := func(r events.LambdaFunctionURLRequest, keys ...string) events.LambdaFunctionURLRequest {
		var payload map[string]any
		if err := json.Unmarshal([]byte(r.Body), &payload); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			delete(payload, key)
		}
		body, _ := json.Marshal(payload) // What was decoded can be encoded.
		r.Body = string(body)
		return r
	}
	inOrg2 := func(r events.LambdaFunctionURLRequest) events.LambdaFunctionURLRequest {
		r.Body = strings.Replace(r.Body, `"352001"`, `"2"`, 1)
		return r
	}
	at := func(n int64, cycle, transition string, skew time.Duration) e2e.Alert {
		return e2e.Alert{ID: n, Cycle: cycle, Transition: transition, Date: time.Now().Add(skew)}
	}
	want := map[string]int{}
	for cycle, c := range map[string]struct {
		requests []events.LambdaFunctionURLRequest
		want     int
	}{
		"two-organizations":  {[]events.LambdaFunctionURLRequest{at(1, "two-organizations", "Triggered", 0).Request(), inOrg2(at(2, "two-organizations", "Recovered", 0).Request())}, 1},
		"both-organizations": {[]events.LambdaFunctionURLRequest{at(3, "both-organizations", "Triggered", 0).Request(), inOrg2(at(4, "both-organizations", "Triggered", 0).Request())}, 2},
		"no-date":            {[]events.LambdaFunctionURLRequest{without(at(5, "no-date", "Triggered", 0).Request(), "date")}, 1},
		"no-date-recovered":  {[]events.LambdaFunctionURLRequest{without(at(6, "no-date-recovered", "Triggered", 0).Request(), "date"), without(at(7, "no-date-recovered", "Recovered", 0).Request(), "date")}, 0},
		"no-id":              {[]events.LambdaFunctionURLRequest{without(at(8, "no-id", "Triggered", 0).Request(), "id", "link"), without(at(8, "no-id", "Triggered", 0).Request(), "id", "link")}, 1},
		"no-id-recovered":    {[]events.LambdaFunctionURLRequest{without(at(9, "no-id-recovered", "Triggered", 0).Request(), "id", "link"), without(at(9, "no-id-recovered", "Recovered", time.Second).Request(), "id", "link")}, 0},
		"ahead":              {[]events.LambdaFunctionURLRequest{at(10, "ahead", "Triggered", 10*time.Minute).Request()}, 1},
		"ahead-recovered":    {[]events.LambdaFunctionURLRequest{at(11, "ahead-recovered", "Triggered", 10*time.Minute).Request(), at(12, "ahead-recovered", "Recovered", 10*time.Minute+time.Second).Request()}, 0},
		"behind":             {[]events.LambdaFunctionURLRequest{at(13, "behind", "Triggered", -10*time.Minute).Request(), at(14, "behind", "Renotify", -9*time.Minute).Request()}, 1},
		"recovered-first":    {[]events.LambdaFunctionURLRequest{at(16, "recovered-first", "Recovered", time.Second).Request(), at(15, "recovered-first", "Triggered", 0).Request()}, 0},
	} {
		want[cycle] = c.want
		for _, r := range c.requests {
			if answer, err := webhook.Send(r, limit); err != nil || answer.StatusCode > 202 {
				t.Fatalf("%s: %d %s, %v", cycle, answer.StatusCode, answer.Body, err)
			}
		}
	}
	mustDrain(t, s, worker)
	s.LetPass(followUpAfter)
	inject(t, s, isRead, fakedatadog.Status(500), 0) // The steps fail.
	inject(t, s, isPost, "rate-limited:1s", 0)
	if b := s.PollFollowUps(worker, limit); b.Failed == 0 {
		t.Errorf("while Datadog limits the rate: %+v", b)
	}
	s.Datadog.ClearFaults()
	s.LetPass(0)
	mustFollowUp(t, s, worker, timeout)
	got := map[string]int{}
	for _, e := range followUpsIn(s) {
		got[e.AggregationKey]++
	}
	for cycle, n := range want {
		if got[cycle] != n {
			t.Errorf("%s has %d follow-ups, want %d", cycle, got[cycle], n)
		}
	}
	if t.Failed() {
		t.Logf("the webhook wrote %s, the worker %s", webhook.Output(), worker.Output())
	}
}
