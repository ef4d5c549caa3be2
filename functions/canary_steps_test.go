package functions_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/enrich/registry"
)

// slow is an expression that is stopped before it ends.
var slow = strings.Repeat("all([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], {", 9) + "alert.title != ''" + strings.Repeat("})", 9)

// everyStep uses the alert's words wherever a step allows it, and has steps that those
// words break.
var everyStep = `
playbooks:
  - name: slow
    match: "` + slow + `"
  - name: every-step
    steps:
      - uses: monitor
      - uses: related_events
      - uses: suspects
      - {uses: owner, with: {service: "{{ .alert.tags.user }}"}}
      - {uses: oncall, with: {team: "{{ .alert.tags.user }}"}}
      - {uses: incidents, with: {service: "{{ .alert.tags.user }}"}}
      - uses: downtimes
      - {uses: metric, with: {query: "avg:logins{user:{{ .alert.tags.user }}}"}}
      - {uses: snapshot, with: {query: "avg:logins{user:{{ .alert.tags.user }}}"}}
      - {uses: logs, with: {query: "@user:{{ .alert.tags.user }}"}}
      - {uses: slo, with: {query: "user:{{ .alert.tags.user }}"}}
      - {uses: changes, with: {query: "user:{{ .alert.tags.user }}"}}
      - uses: event
      - {uses: host, with: {host: "{{ .alert.tags.user }}"}}
      - {uses: lookup, with: {file: users.csv, key: user}}
      - {uses: http, with: {url: "https://127.0.0.1/{{ .alert.tags.user }}"}}
      - {uses: lambda, with: {function: echo, with: {user: "{{ .alert.tags.user }}"}}}
      - {uses: owner, name: never, when: int(alert.message) > 3}
    event:
      title: "{{ .alert.title }} {{ .steps.owner.team }}"
      tags: ["{{ url .alert.extra.dots }}"]
    then:
      - {uses: lambda, name: tell, with: {function: echo, with: {user: "{{ .alert.tags.user }}"}}}
`

// everywhere is an alert with people's data in every key of a payload.
func everywhere(id int64) events.LambdaFunctionURLRequest {
	r := canaryRequest(id, canaryToken)
	var payload map[string]any
	if err := json.Unmarshal([]byte(r.Body), &payload); err != nil {
		panic(err)
	}
	for key := range payload {
		switch key {
		case "id", "date", "tags", "alert_id", "event_title", "event_msg":
		default:
			payload[key] = canaryName + " <" + canaryMail + ">"
		}
	}
	payload["dots"], payload[canaryMail] = "..", map[string]any{"date": canaryName, "link": []string{canaryMail}}
	text, _ := json.Marshal(payload) // Texts always marshal.
	r.Body = string(text)
	return r
}

// TestCanary_EveryStep has each step find something, find nothing, and fail with a response
// that repeats its request.
func TestCanary_EveryStep(t *testing.T) {
	t.Parallel()
	for _, kind := range registry.Kinds(registry.Deps{}) {
		if !strings.Contains(everyStep, "uses: "+kind.Name) {
			t.Errorf("the step %s is not in the playbook", kind.Name)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"every.yaml": everyStep, "users.csv": "user,desk\nsomebody,7\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_, _ = fmt.Fprintf(w, `{"errorType": "%s", "errorMessage": "%s"}`, canaryMail, canaryName)
	}))
	t.Cleanup(echo.Close)
	c := newCanary(t, map[string]string{"PLAYBOOKS_FILE": filepath.Join(dir, "every.yaml"), "AWS_ENDPOINT_URL_LAMBDA": echo.URL, "INTAKE": "direct"})

	for i, status := range []int{0, 400, 401, 403, 404, 422, 429, 500} {
		c.quotes.Store(int32(status))
		c.deliver(t, everywhere(int64(20+i)), 200)
	}
	c.quotes.Store(0)
	// A post that is rejected with its own words: a dead letter.
	c.refuse.Store(400)
	c.deliver(t, everywhere(30), 202)
	c.drain(t, 1)
	logs, _, posted := c.mustHide(t)
	mustSay(t, "an event", posted, "has no service", canaryMail, "the function echo failed")
	mustSay(t, "a log", logs,
		"users.csv has no row whose user is …", "has no service …", "the function echo failed", `"name":"tell"`, "playbook slow does not match: the expression")
}

// staged has a follow-up, and actions that send, keep and read the alert's words.
const staged = `
playbooks:
  - name: staged
    after: 1m
    steps: [{uses: monitor}, {uses: logs, with: {query: "@user:{{ .alert.tags.user }}"}}]
    event: {text: "{{ .cycle.kept.user }}"}
    then:
      - name: open
        uses: lambda
        on: failure
        once: cycle
        with: {function: echo, with: {user: "{{ .alert.tags.user }} {{ .alert.title }}"}}
        keep: {user: "{{ .alert.tags.user }} {{ .alert.title }}"}
      - name: close
        uses: lambda
        on: recovery
        with: {function: echo, with: {user: "{{ .cycle.kept.user }}"}}
`

// TestCanary_Staged has actions wait, end, be refused and become dead letters, and follow-ups be
// posted, end with a recovery and be refused, while each service repeats what it was sent.
func TestCanary_Staged(t *testing.T) {
	t.Parallel()
	var refuses atomic.Int32
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if status := int(refuses.Load()); status != 0 {
			text, _ := json.Marshal(map[string]string{"Message": string(body)}) // Texts always marshal.
			w.Header().Set("X-Amzn-ErrorType", "ServiceException")
			w.WriteHeader(status)
			_, _ = w.Write(text)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(echo.Close)
	c := newCanary(t, map[string]string{"PLAYBOOKS_FILE": writePlaybooks(t, staged), "AWS_ENDPOINT_URL_LAMBDA": echo.URL, "AWS_MAX_ATTEMPTS": "1", "INTAKE": "direct"})
	trigger, recovery := canaryRequest(40, canaryToken), canaryRequest(41, canaryToken)
	recovery.Body = strings.NewReplacer(`"Triggered"`, `"Recovered"`, "cycle-41", "cycle-40").Replace(recovery.Body)

	refuses.Store(500)
	c.deliver(t, trigger, 200)  // It waits.
	c.deliver(t, recovery, 200) // It waits for what the first keeps.
	refuses.Store(0)
	c.drain(t, 0)
	refuses.Store(500)
	c.deliver(t, canaryRequest(42, canaryToken), 200) // A dead letter.
	c.drain(t, 1)
	refuses.Store(403)
	c.deliver(t, canaryRequest(43, canaryToken), 200) // It is refused.
	c.LetPass(followUpAfter)
	c.quotes.Store(400)
	mustFollowUp(t, c.Stack, c.worker, timeout)
	c.quotes.Store(0)
	c.deliver(t, canaryRequest(44, canaryToken), 200)
	c.LetPass(followUpAfter)
	c.refuse.Store(400)
	for c.Length(c.FollowUps) > 0 {
		c.PollFollowUps(c.worker, limit)
	}
	c.drain(t, 1)

	logs, telemetry, _ := c.mustHide(t)
	mustSay(t, "a log", logs,
		`"step":"open","result":"queued"`, `"step":"open","result":"done"`, `"step":"close","result":"done"`, `"step":"open","result":"dead_letter"`, `"step":"open","result":"refused"`,
		`"follow_up":"1m"`, "it waits for user", "Datadog refused to create the event (400 Bad Request)")
	// Where the ledger did not respond in time, it saw no recovery.
	if !strings.Contains(logs, "the alert's cycle is unknown") {
		mustSay(t, "a log", logs, "the alert recovered at")
	}
	mustSay(t, "traces and metrics", telemetry, "boomerang.action:1|d", "boomerang.follow_up:1|d")
}
