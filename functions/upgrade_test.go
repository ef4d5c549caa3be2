package functions_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// TestUpgrade gives the functions what those of commit 8a9fc60 left behind: the
// messages in the queue, the items in the table and the posted events of
//
//   - 1 and 2, queued by INTAKE=queue, 2 so large that it is compressed,
//   - 3 and 10, posted, of one cycle,
//   - 4, posted without a response, and 5, answered 503, both queued,
//   - 6, whose webhook was killed after its claim a moment ago,
//   - 7, posted, 8 and 11, suppressed by a limit, with the message for their summary,
//
// and the watermark of reconcile. Each alert has one event in the end.
func TestUpgrade(t *testing.T) {
	s, webhook, worker := begin(t)
	s.AddMonitors(9)
	restore(t, s)
	mustDeliver(t, webhook, e2e.Alert{ID: 6}, "queued") // It may have an event that the search does not show yet.
	mustDrain(t, s, worker)
	mustPost(t, s, map[int64]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 10: 1})
	for _, id := range []int64{1, 2, 3, 4, 5, 6, 7, 8, 10, 11} {
		mustDeliver(t, webhook, e2e.Alert{ID: id}, "duplicate")
	}
	mustDeliver(t, webhook, e2e.Alert{ID: 12, Cycle: "cycle-3", Transition: "Renotify"}, "posted")
	summary, third := "", ""
	for _, p := range s.Datadog.Posted() {
		switch e2e.Number(p.Event) {
		case 8:
			summary = p.Event.Title + p.Event.Text
		case 12:
			third = p.Event.Text
		}
	}
	if !strings.HasPrefix(summary, "2 more alerts of: ") || !strings.Contains(third, "notification 3") {
		t.Errorf("the summary is %s, and the third notification %s", summary, third)
	}
	reconcile := s.Start(e2e.Reconcile, nil)
	if _, err := reconcile.Invoke(e2e.Scheduled, timeout); err != nil {
		t.Errorf("%v; it wrote %s", err, reconcile.Output())
	}
	if n := s.Length(s.Queue); n != 0 {
		t.Errorf("%d messages are in the queue", n)
	}
}

// TestUpgrade_Staged deploys other playbooks while an action and a follow-up wait. The action sends
// what its playbook said, and the follow-up comes with the playbook of now.
func TestUpgrade_Staged(t *testing.T) {
	t.Parallel()
	d, s := newDeskOf(t, followUpPlaybooks+deskActions), e2e.New(t)
	s.AddMonitors(4711)
	before := s.Start(e2e.Webhook, d.variables)
	d.set(true, 0)
	mustDeliver(t, before, opens, "posted")
	d.set(false, 0)
	if s.Length(s.Queue) != 1 || s.Length(s.FollowUps) != 1 {
		t.Fatalf("%d actions and %d follow-ups wait; the webhook wrote %s", s.Length(s.Queue), s.Length(s.FollowUps), before.Output())
	}
	now := maps.Clone(d.variables)
	delete(now, "PLAYBOOKS_FILE")
	worker := s.Start(e2e.Redeliver, now)
	mustDrain(t, s, worker)
	d.mustHave(t)
	s.LetPass(followUpAfter)
	mustFollowUp(t, s, worker, timeout)
	if all := followUpsIn(s); len(all) != 1 || !slices.Contains(all[0].Tags, "playbook:default") || len(s.Datadog.Posted()) != 2 {
		t.Errorf("the follow-ups are %+v; the worker wrote %s", all, worker.Output())
	}
}

// restore puts a stack in the state of testdata/upgrade.json, as if that had been a
// few seconds ago.
func restore(t *testing.T, s *e2e.Stack) {
	t.Helper()
	raw, err := os.ReadFile("testdata/upgrade.json")
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		At time.Time `json:"made_at"`
	}
	if err := json.Unmarshal(raw, &made); err != nil {
		t.Fatal(err)
	}
	var state struct {
		Items, Events []json.RawMessage
		Messages      []struct{ Body string }
	}
	if err := json.Unmarshal(postpone(raw, time.Since(made.At)-10*time.Second), &state); err != nil {
		t.Fatal(err)
	}
	for _, event := range state.Events {
		call(t, s.Datadog, "/api/v1/events", map[string]string{"DD-API-KEY": fakedatadog.DefaultAPIKey, "Content-Type": "application/json"}, event)
	}
	for _, item := range state.Items {
		call(t, s.AWS, "/", map[string]string{
			"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0",
			"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=test",
		}, map[string]any{"TableName": s.Table, "Item": item})
	}
	for _, m := range state.Messages {
		s.Enqueue(m.Body)
	}
}

func call(t *testing.T, service http.Handler, path string, headers map[string]string, in any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	if w.Code >= 300 {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
}

var (
	// A storm is named by its start, and that stays.
	epoch   = regexp.MustCompile(`([^#\d])(1[78]\d{8}(?:\d{3})?)\b`)
	instant = regexp.MustCompile(`(start\\":\\")?\d{4}-\d\d-\d\dT[\d:.]+Z`)
)

// postpone moves all times in a text: RFC 3339, and seconds or milliseconds since 1970.
func postpone(text []byte, d time.Duration) []byte {
	text = epoch.ReplaceAllFunc(text, func(match []byte) []byte {
		n, _ := strconv.ParseInt(string(match[1:]), 10, 64) // The expression takes digits only.
		unit := time.Millisecond
		if len(match) == 11 {
			unit = time.Second
		}
		return strconv.AppendInt(match[:1:1], n+int64(d/unit), 10)
	})
	return instant.ReplaceAllFunc(text, func(match []byte) []byte {
		at, err := time.Parse(time.RFC3339Nano, string(match))
		if err != nil {
			return match // It is a storm's start.
		}
		return at.Add(d).AppendFormat(nil, time.RFC3339Nano)
	})
}
