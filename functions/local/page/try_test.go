package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
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

const checkoutBody = `{"ID":"8306082202796025777","title":"[Triggered] Checkout is slow","alert_id":"4711","alert_transition":"Triggered","tags":"service:checkout,env:prod","date":"yesterday","org":{"id":"7"}}`

const checkoutPlaybooks = `playbooks:
  - name: staging
    match: alert.tags.service == "checkout" && alert.tags.env == "staging"
  - name: checkout
    match: alert.tags.service == "checkout"
    steps:
      - uses: owner
      - uses: http
        with: {url: "http://127.0.0.1:1/x"}
    event:
      title: "{{ .alert.title }}, owner {{ .steps.owner.team }}"
`

// playbooksFile returns a file with playbooks in a folder of its own.
func playbooksFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "checkout.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// answered is what the page says, for any of its calls.
type answered struct {
	result
	kept
	Problems []playbook.Problem `json:"problems"`
	Error    string             `json:"error"`
	State    string             `json:"state"`
	Title    string             `json:"title"`
	Request  struct {
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	} `json:"request"`
	Answer struct {
		StatusCode int `json:"statusCode"`
	} `json:"answer"`
}

func TestDelivery(t *testing.T) {
	s := serve(t, false, map[string]string{"PLAYBOOKS_FILE": playbooksFile(t, checkoutPlaybooks)})
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

func TestPreview(t *testing.T) {
	file := playbooksFile(t, "playbooks:\n  - name: x\n")
	s := serve(t, false, map[string]string{"PLAYBOOKS_FILE": file})
	for name, c := range map[string]struct {
		body, playbooks, file string
		title, problem, error string
	}{
		"an alert":            {checkoutBody, checkoutPlaybooks, file, "[Triggered] Checkout is slow, owner checkout", "", ""},
		"a mistake":           {checkoutBody, strings.Replace(checkoutPlaybooks, "uses: owner", "uses: owners", 1), file, "", "7:15 unknown step", ""},
		"never true":          {checkoutBody, "playbooks:\n  - name: x\n    match: alert.transition == \"triggered\"\n", file, "[Triggered] Checkout is slow", "3:", ""},
		"a template of tags":  {`{"id":"$ID","title":"$EVENT_TITLE"}`, "playbooks:\n  - name: x\n", file, "[P2] [Triggered on", "", ""},
		"a request":           {`{"version":"2.0","requestContext":{"http":{"method":"POST"}},"body":"{\"title\":\"y\"}"}`, "playbooks:\n  - name: x\n", file, "y", "", ""},
		"a form":              {"title=y&id=1", "playbooks:\n  - name: x\n", file, "y", "", ""},
		"no alert":            {"{}", checkoutPlaybooks, file, "", "", "at least one of id, title and body"},
		"nothing":             {"", checkoutPlaybooks, file, "", "", "it is empty"},
		"our own event":       {`{"id":"1","title":"x","tags":"boomerang,playbook:default,enrichment:none"}`, checkoutPlaybooks, file, "", "", "No event would be posted: Boomerang posted this"},
		"another file":        {checkoutBody, checkoutPlaybooks, "/etc/passwd", "", "", "does not use /etc/passwd"},
		"a path out of there": {checkoutBody, checkoutPlaybooks, filepath.Dir(file) + "/../x.yaml", "", "", "does not use "},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := call[answered](s, http.MethodPost, "preview", draft{c.body, c.file, c.playbooks})
			if status != http.StatusOK || !strings.Contains(got.Error, c.error) || (got.Error == "") != (c.error == "") {
				t.Errorf("%d %q, want %q", status, got.Error, c.error)
			}
			if (len(got.Versions) > 0) != (c.title != "") || c.title != "" && !strings.HasPrefix(got.Versions[0].Title, c.title) {
				t.Errorf("the event is %+v", got.Versions)
			}
			problems := ""
			for _, p := range got.Problems {
				problems += fmt.Sprintf("%d:%d %s\n", p.Line, p.Column, p.Text)
			}
			if !strings.Contains(problems, c.problem) || (problems == "") != (c.problem == "") {
				t.Errorf("the problems are %q, want %q", problems, c.problem)
			}
			for _, step := range got.Steps {
				if step.Uses == "http" && step.Status != "skipped" {
					t.Error("a preview sends requests")
				}
			}
		})
	}
	if posted := s.page.Sandbox.Datadog.Posted(); len(posted) > 0 || len(s.page.deliveries.snapshot()) > 0 {
		t.Errorf("%d events are posted", len(posted))
	}
}

func TestSaveAndKeep(t *testing.T) {
	const first = "playbooks:\n  - name: x\n"
	file := playbooksFile(t, first)
	s := serve(t, false, map[string]string{"PLAYBOOKS_FILE": file})
	d := draft{checkoutBody, file, checkoutPlaybooks}

	if status, got := call[answered](s, http.MethodPost, "save", saving{draft{checkoutBody, file, "playbooks: x"}, first}); status != http.StatusUnprocessableEntity {
		t.Errorf("a mistake is saved: %d %s", status, got.Error)
	}
	if status, got := call[answered](s, http.MethodPost, "save", saving{d, "what was in it before"}); status != http.StatusConflict || !strings.Contains(got.Error, "has changed") {
		t.Errorf("a change of another editor is lost: %d %s", status, got.Error)
	}
	if status, got := call[answered](s, http.MethodPost, "save", saving{d, first}); status != http.StatusOK {
		t.Fatalf("%d %s", status, got.Error)
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != checkoutPlaybooks {
		t.Errorf("the file is %s, %v", raw, err)
	}
	if came := s.deliver(checkoutBody); came.Event == nil || came.Event.Title != "[Triggered] Checkout is slow, owner checkout" {
		t.Errorf("the function does not use what is saved: %+v", came)
	}

	test := strings.TrimSuffix(file, ".yaml") + ".test.yaml"
	status, one := call[answered](s, http.MethodPost, "keep", keeping{d, "names the owner"})
	if status != http.StatusOK || !one.OK || one.File != test || !slices.Equal(one.Lines, []string{"names the owner"}) {
		t.Fatalf("%d %+v", status, one)
	}
	hostile := "two\n  lines: \"and\" # {{ .alert.title }}"
	status, second := call[answered](s, http.MethodPost, "keep", keeping{d, hostile})
	if status != http.StatusOK || !second.OK || !slices.Equal(second.Lines, []string{"names the owner", hostile}) {
		t.Fatalf("%d %+v", status, second)
	}
	before, err := os.ReadFile(test)
	if err != nil || string(before) != "cases:\n"+one.Text+second.Text {
		t.Errorf("the file is\n%s, %v", before, err)
	}
	for name, k := range map[string]keeping{
		"a name that is taken":  {d, "names the owner"},
		"no name":               {d, " "},
		"a body that is a list": {draft{`[{"title":"x"}]`, file, checkoutPlaybooks}, "list"},
		"no event":              {draft{`{}`, file, checkoutPlaybooks}, "none"},
		"another file":          {draft{checkoutBody, "/etc/hosts.yaml", checkoutPlaybooks}, "elsewhere"},
		"a mistake":             {draft{checkoutBody, file, "playbook: []"}, "mistaken"},
	} {
		if status, got := call[answered](s, http.MethodPost, "keep", k); status != http.StatusUnprocessableEntity || got.Error == "" || strings.HasSuffix(got.Error, ": ") {
			t.Errorf("%s: %d %+v", name, status, got)
		}
	}
	if after, err := os.ReadFile(test); err != nil || string(after) != string(before) {
		t.Errorf("a case that does not fit stays: %s, %v", after, err)
	}
	if files, err := os.ReadDir(filepath.Dir(file)); err != nil || len(files) != 2 {
		t.Errorf("the folder has %v, %v", files, err)
	}
}

// The function uses what an editor writes, unless it has a mistake.
func TestServe_ChangedFile(t *testing.T) {
	file := playbooksFile(t, "playbooks:\n  - name: x\n")
	s := serve(t, false, map[string]string{"PLAYBOOKS_FILE": file})
	at := time.Now()
	for i, c := range []struct{ name, want string }{{"y", "y"}, {"Y Y", "y"}, {"z", "z"}} {
		at = at.Add(time.Minute)
		if err := errors.Join(os.WriteFile(file, []byte("playbooks:\n  - name: "+c.name+"\n"), 0o600), os.Chtimes(file, at, at)); err != nil {
			t.Fatal(err)
		}
		if came := s.deliver(fmt.Sprintf(`{"id":"%d","title":"x"}`, i)); !strings.HasSuffix(came.Why, " by playbook "+c.want+".") {
			t.Errorf("after %s: %s", c.name, came.Why)
		}
	}
}

// A case is indented as the cases before it.
func TestKeep_Indented(t *testing.T) {
	file := playbooksFile(t, checkoutPlaybooks)
	s := serve(t, false, map[string]string{"PLAYBOOKS_FILE": file})
	test := strings.TrimSuffix(file, ".yaml") + ".test.yaml"
	for _, before := range []string{
		"cases:\n- name: first\n  alert: {title: x}\n  expect: {playbooks: [default]}\n",
		"# Ours.\ncases:\n    - name: first\n      alert: {title: x}\n      expect: {playbooks: [default]}\n\n\n",
		"cases:\n",
	} {
		if err := os.WriteFile(test, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, got := call[answered](s, http.MethodPost, "keep", keeping{draft{checkoutBody, file, checkoutPlaybooks}, "second"}); status != http.StatusOK || !got.OK {
			t.Errorf("%q: %d %+v", before, status, got)
		}
	}
}

// Without a file of its own the page writes nothing.
func TestKeep_Embedded(t *testing.T) {
	t.Chdir(t.TempDir())
	s := serve(t, false, nil)
	d := draft{checkoutBody, playbook.DefaultFile, checkoutPlaybooks}
	if status, got := call[answered](s, http.MethodPost, "keep", keeping{d, "names the owner"}); status != http.StatusOK || !strings.HasPrefix(got.Text, "cases:\n  - name: names the owner\n") || got.File != "default.test.yaml" {
		t.Errorf("%d %+v", status, got)
	}
	if status, got := call[answered](s, http.MethodPost, "save", saving{d, ""}); status != http.StatusConflict || !strings.Contains(got.Error, "--playbooks") {
		t.Errorf("%d %s", status, got.Error)
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("the page wrote %v, %v", files, err)
	}
}

func TestSend(t *testing.T) {
	s := serve(t, false, nil)
	_, setup := call[struct {
		Samples map[string]string `json:"samples"`
		Files   map[string]string `json:"files"`
	}](s, http.MethodGet, "setup", nil)
	if len(setup.Samples) < 15 || !strings.Contains(setup.Files[playbook.DefaultFile], "playbooks:") {
		t.Fatalf("the page gets %d samples and %v", len(setup.Samples), setup.Files)
	}
	if want := "{\n  \"id\": "; !strings.HasPrefix(setup.Samples["triggered"], want) {
		t.Errorf("a sample is not in lines: %s", setup.Samples["triggered"])
	}
	for name, body := range setup.Samples {
		if status, got := call[answered](s, http.MethodPost, "send", sending{body, 1}); status != http.StatusOK {
			t.Errorf("%s: %d %s", name, status, got.Error)
		}
		all := s.page.deliveries.snapshot()
		state, why := all[len(all)-1].state()
		if want := map[string]string{"wrong-token": "refused", "own-event": "ignored"}[name]; state != want && (want != "" || state != "posted") {
			t.Errorf("%s is %s: %s", name, state, why)
		}
	}
	before := len(s.page.Sandbox.Datadog.Posted())
	if status, got := call[answered](s, http.MethodPost, "send", sending{setup.Samples["triggered"], 25}); status != http.StatusOK {
		t.Errorf("%d %s", status, got.Error)
	}
	ids := map[int64]bool{}
	for _, posted := range s.page.Sandbox.Datadog.Posted()[before:] {
		ids[posted.Event.RelatedEventID] = true
	}
	if len(ids) != 25 {
		t.Errorf("the burst is of %d alerts", len(ids))
	}
	for _, wrong := range []sending{{setup.Samples["triggered"], 0}, {setup.Samples["triggered"], maxSent + 1}, {"", 1}, {`{"title":"x"}`, 2}} {
		if status, got := call[answered](s, http.MethodPost, "send", wrong); status < 400 || got.Error == "" {
			t.Errorf("%d of %d bytes is answered %d", wrong.Count, len(wrong.Body), status)
		}
	}
}

// A body that the function refuses for its size is not kept whole.
func TestDelivery_TooLarge(t *testing.T) {
	s := serve(t, false, nil)
	came := s.deliver(`{"title":"` + strings.Repeat("x", 2<<20) + `"}`)
	if kept := len(s.page.deliveries.find(came.ID).request.Body); came.State != "refused" || kept > maxBody {
		t.Errorf("%s, %d bytes", came.State, kept)
	}
}

func TestInject(t *testing.T) {
	s := serve(t, false, nil)
	if status, got := call[answered](s, http.MethodPost, "fault", misbehaviour{"events.create", "status:500", 0}); status != http.StatusOK {
		t.Fatalf("%d %s", status, got.Error)
	}
	if came := s.deliver(`{"id":"1","title":"x"}`); came.State != "queued" {
		t.Errorf("it is %s: %s", came.State, came.Why)
	}
	call[answered](s, http.MethodPost, "fault", misbehaviour{})
	if came := s.deliver(`{"id":"2","title":"x"}`); came.State != "posted" {
		t.Errorf("it is %s: %s", came.State, came.Why)
	}
	if status, got := call[answered](s, http.MethodPost, "fault", misbehaviour{"events.create", "no such fault", 1}); status != http.StatusBadRequest || got.Error == "" {
		t.Errorf("%d %s", status, got.Error)
	}
}

// With a ledger the page knows duplicates, storms and follow-ups.
func TestDeliveries_Ledger(t *testing.T) {
	aws := awstest.New(t)
	file := playbooksFile(t, "playbooks:\n  - name: limited\n    match: alert.tags.service == \"cart\"\n    limit: 1\n  - name: followed\n    after: 15m\n")
	s := serveWith(t, aws, map[string]string{"PLAYBOOKS_FILE": file, "LEDGER_TABLE": aws.Table(t)})
	expect := func(body, state string, parts ...string) {
		t.Helper()
		got := s.deliver(body)
		if got.State != state {
			t.Errorf("%s is %s: %s", body, got.State, got.Why)
		}
		for _, part := range parts {
			if !strings.Contains(got.Why, part) {
				t.Errorf("%q lacks %q", got.Why, part)
			}
		}
	}
	one, err := json.Marshal(map[string]string{"id": "1", "title": "[Triggered] x", "alert_transition": "Triggered", "alert_cycle_key": "77", "link": "https://app.datadoghq.com/event/event?id=8306082202796025777"})
	if err != nil {
		t.Fatal(err)
	}
	expect(string(one), "posted", "by playbook followed, follow-up 1 at ")
	first := s.page.Sandbox.Datadog.Posted()[0].Event.ID
	expect(string(one), "duplicate", fmt.Sprintf("has event %d", first))
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
