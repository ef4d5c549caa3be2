package page

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/sandbox"
	"boomerang/shared/alert"
	"boomerang/shared/awstest"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// stream opens the stream, and returns a function that reads it up to an event with a text.
func (s served) stream() (until func(text string) (all []string)) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/-/stream", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return func(text string) (all []string) {
		s.t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if all = append(all, data); strings.Contains(data, text) {
					return all
				}
			}
		}
		s.t.Fatalf("the stream ended after %v: %v", all, lines.Err())
		return nil
	}
}

func TestStream(t *testing.T) {
	s := serve(t)
	until := s.stream()
	until("{}") // The clearing.
	s.deliver(`{"id":"1","title":"first"}`)
	if all := until(`"characters":`); !strings.Contains(all[len(all)-1], `"title":"first"`) {
		t.Errorf("got %s", all)
	}
	s.deliver(`{"id":"2","title":"second"}`)
	if all := s.stream()(`"title":"second"`); len(all) != 3 || all[0] != "{}" || !strings.Contains(all[1], `"title":"first"`) {
		t.Errorf("a browser that comes back gets %s", all)
	}
}

func TestDeliveries_States(t *testing.T) {
	s := serve(t)
	for name, c := range map[string]struct {
		body    string
		headers []string
		state   string
		why     []string
	}{
		"posted":          {`{"id":"8306082202796025777","title":"x"}`, nil, "posted", []string{"Posted as event ", " by playbook default."}},
		"our own":         {`{"id":"1","title":"x","tags":"boomerang,playbook:default,enrichment:none"}`, nil, "ignored", []string{"Ignored: ", "tag boomerang"}},
		"a dry run":       {`{"id":"1","title":"x"}`, []string{"X-Dry-Run: true"}, "dry_run", []string{"nothing was posted"}},
		"a wrong token":   {`{"id":"1","title":"x"}`, []string{"X-Webhook-Token: wrong"}, "refused", []string{"Refused with 401 Unauthorized: the token is missing or wrong."}},
		"nothing in it":   {`{}`, nil, "refused", []string{"422", "at least one of id, title and body"}},
		"a type":          {`x`, []string{"Content-Type: image/png"}, "refused", []string{"415", "send application/json"}},
		"no title":        {`{"alert_type":"error","id":"8306082202796025779","text":"x"}`, nil, "posted", nil},
		"words, not JSON": {`<alert>disk full</alert>`, nil, "posted", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.deliver(c.body, c.headers...)
			got.is(t, c.state, c.why...)
			if got.Event != nil && got.Title == "" {
				t.Error("it has no title")
			}
			if (got.Event != nil) != (c.state == "posted" || c.state == "dry_run") {
				t.Errorf("its event is %v", got.Event)
			}
		})
	}
}

func TestDelivery(t *testing.T) {
	s, _ := serveFile(t, checkoutPlaybooks)
	came := s.deliver(checkoutBody)
	status, got := call[answered](s, http.MethodGet, "deliveries/"+came.ID, nil)
	if status != http.StatusOK || got.State != "posted" || got.Answer.StatusCode != http.StatusOK || got.Request.Body != checkoutBody {
		t.Fatalf("%d %+v", status, got)
	}
	for name, value := range got.Request.Headers {
		if strings.Contains(value, sandbox.Token) {
			t.Errorf("the header %s has the token", name)
		}
	}
	keys := map[string]string{}
	for _, f := range got.Fields {
		keys[f.Path] = f.Key
	}
	for path, key := range map[string]string{"id": "ID", "org_id": "org.id", "transition": "alert_transition", "tags": "tags"} {
		if keys[path] != key {
			t.Errorf("%s comes from %q, want %q", path, keys[path], key)
		}
	}
	if diff := cmp.Diff([]alert.Problem{{Field: "date", Reason: "is not a date: epoch milliseconds, epoch seconds or RFC 3339"}}, got.Unreadable); diff != "" {
		t.Error(diff)
	}
	want := []playbook.Verdict{
		{Playbook: "staging", Clauses: []playbook.Clause{{Text: `alert.tags.service == "checkout"`, Holds: true}, {Text: `alert.tags.env == "staging"`}}, False: `alert.tags.env == "staging"`},
		{Playbook: "checkout", Matched: true, Clauses: []playbook.Clause{{Text: `alert.tags.service == "checkout"`, Holds: true}}},
	}
	if diff := cmp.Diff(want, got.Verdicts); diff != "" || !slices.Equal(got.Used, []string{"checkout"}) {
		t.Errorf("%v are used (-want +got):\n%s", got.Used, diff)
	}
	if len(got.Steps) != 2 || got.Steps[0].Name != "owner" || got.Steps[0].Data == nil || got.Steps[0].Start <= 0 || got.Steps[1].Status != "failed" ||
		!strings.Contains(got.Steps[1].With, "url: http://127.0.0.1:1/x") || got.Steps[1].Why == "" {
		t.Errorf("the steps are %+v", got.Steps)
	}
	if len(got.Versions) != 2 || got.Versions[0].API != "v1" || got.Versions[1].API != "v2" || got.Versions[0].Title != got.Versions[1].Title {
		t.Errorf("the events are %+v", got.Versions)
	}
	if status, got := call[answered](s, http.MethodGet, "deliveries/unknown", nil); status != http.StatusNotFound || got.Error == "" {
		t.Errorf("an unknown delivery is answered %d %s", status, got.Error)
	}
}

// A body that the function refuses for its size is not kept whole.
func TestDelivery_TooLarge(t *testing.T) {
	s := serve(t)
	came := s.deliver(`{"title":"` + strings.Repeat("x", 2<<20) + `"}`)
	if kept := len(s.page.deliveries.find(came.ID).request.Body); came.State != "refused" || kept > maxBody {
		t.Errorf("%s, %d bytes", came.State, kept)
	}
}

// With a ledger the page knows duplicates, storms and follow-ups.
func TestDeliveries_Ledger(t *testing.T) {
	aws := awstest.New(t)
	s, _ := serveFile(t, "playbooks:\n  - name: limited\n    match: alert.tags.service == \"cart\"\n    limit: 1\n  - name: followed\n    after: 15m\n", func(c *Config) {
		c.Environment.AWS, c.Environment.Variables["LEDGER_TABLE"] = aws.Config(), aws.Table(t)
	})
	one, err := json.Marshal(map[string]string{"id": "1", "title": "[Triggered] x", "alert_transition": "Triggered", "alert_cycle_key": "77", "link": "https://app.datadoghq.com/event/event?id=8306082202796025777"})
	if err != nil {
		t.Fatal(err)
	}
	s.deliver(string(one)).is(t, "posted", "by playbook followed, follow-up 1 at ")
	first := s.page.Sandbox.Datadog.Posted()[0].Event.ID
	s.deliver(string(one)).is(t, "duplicate", fmt.Sprintf("has event %d", first))
	states := map[string]int{}
	for i := range 4 { // A minute may end in between.
		states[s.deliver(fmt.Sprintf(`{"id":"%d","title":"x","alert_id":"4711","tags":"service:cart"}`, 8306082202796025800+i)).State]++
	}
	summaries, waiting := 0, 0
	for _, d := range s.page.deliveries.snapshot() {
		state, why := d.state()
		states[state]++
		if strings.HasPrefix(d.id, "summary of ") && strings.Contains(why, "monitor 4711 has more than 1 alerts a minute") {
			if summaries++; summaries == 1 {
				s.summarized(d)
			}
		}
		if state == "waiting" && strings.HasPrefix(d.id, "follow-up 1 of ") && strings.Contains(why, "unless it recovers") {
			waiting++
		}
	}
	if states["held_back"] < 2 || summaries < 1 || waiting != 1 {
		t.Errorf("%v, %d summaries, %d follow-ups", states, summaries, waiting)
	}
}

// summarized delivers the message of a summary before its time.
func (s served) summarized(d delivery) {
	s.t.Helper()
	s.page.deliveries.update(d.id, func(one *delivery) { one.next = time.Now() })
	body, err := queue.Encode(d.message)
	if err != nil || !s.page.queue.receive(d.id, body, 1) {
		s.t.Fatalf("the summary is not posted: %v", err)
	}
	status, got := call[answered](s, http.MethodGet, "deliveries/"+url.PathEscape(d.id), nil)
	if status != http.StatusOK || got.State != "posted" || len(got.Versions) != 1 || !strings.Contains(got.Versions[0].Title, "more") {
		s.t.Errorf("%d %s: %s, %+v", status, got.State, got.Title, got.Versions)
	}
}
