package page

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/playbook"
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

// serveFile serves a file with playbooks in a folder of its own.
func serveFile(t *testing.T, content string, change ...func(*Config)) (s served, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "checkout.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, append(change, func(c *Config) { c.Environment.Variables["PLAYBOOKS_FILE"] = file })...), file
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

func saved(d draft, read string) draft {
	d.Read = read
	return d
}

func keep(d draft, name string) draft {
	d.Name = name
	return d
}

func TestPreview(t *testing.T) {
	s, file := serveFile(t, "playbooks:\n  - name: x\n")
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
		"a text":              {"Disk is full", "playbooks:\n  - name: x\n", file, "An alert whose payload could not be read", "", ""},
		"no alert":            {"{}", checkoutPlaybooks, file, "", "", "at least one of id, title and body"},
		"nothing":             {"", checkoutPlaybooks, file, "", "", "it is empty"},
		"our own event":       {`{"id":"1","title":"x","tags":"boomerang,playbook:default,enrichment:none"}`, checkoutPlaybooks, file, "", "", "No event would be posted: Boomerang posted this"},
		"another file":        {checkoutBody, checkoutPlaybooks, "/etc/passwd", "", "", "does not use /etc/passwd"},
		"a path out of there": {checkoutBody, checkoutPlaybooks, filepath.Dir(file) + "/../x.yaml", "", "", "does not use "},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := call[answered](s, http.MethodPost, "preview", draft{Body: c.body, File: c.file, Playbooks: c.playbooks})
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
	s, file := serveFile(t, first)
	d := draft{Body: checkoutBody, File: file, Playbooks: checkoutPlaybooks}

	if status, got := call[answered](s, http.MethodPost, "save", saved(draft{Body: checkoutBody, File: file, Playbooks: "playbooks: x"}, first)); status != http.StatusUnprocessableEntity {
		t.Errorf("a mistake is saved: %d %s", status, got.Error)
	}
	if status, got := call[answered](s, http.MethodPost, "save", saved(d, "what was in it before")); status != http.StatusConflict || !strings.Contains(got.Error, "has changed") {
		t.Errorf("a change of another editor is lost: %d %s", status, got.Error)
	}
	if status, got := call[answered](s, http.MethodPost, "save", saved(d, first)); status != http.StatusOK {
		t.Fatalf("%d %s", status, got.Error)
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != checkoutPlaybooks {
		t.Errorf("the file is %s, %v", raw, err)
	}
	if came := s.deliver(checkoutBody); came.Event == nil || came.Event.Title != "[Triggered] Checkout is slow, owner checkout" {
		t.Errorf("the function does not use what is saved: %+v", came)
	}

	test := strings.TrimSuffix(file, ".yaml") + ".test.yaml"
	status, one := call[answered](s, http.MethodPost, "keep", keep(d, "names the owner"))
	if status != http.StatusOK || !one.OK || one.File != test || !reflect.DeepEqual(one.Cases, []playbooktest.CaseResult{{Name: "names the owner"}}) {
		t.Fatalf("%d %+v", status, one)
	}
	hostile := "two\n  lines: \"and\" # {{ .alert.title }}"
	status, second := call[answered](s, http.MethodPost, "keep", keep(d, hostile))
	if status != http.StatusOK || !second.OK || !reflect.DeepEqual(second.Cases, []playbooktest.CaseResult{{Name: "names the owner"}, {Name: hostile}}) {
		t.Fatalf("%d %+v", status, second)
	}
	before, err := os.ReadFile(test)
	if err != nil || string(before) != "cases:\n"+one.Text+second.Text {
		t.Errorf("the file is\n%s, %v", before, err)
	}
	for name, k := range map[string]draft{
		"a name that is taken":  keep(d, "names the owner"),
		"no name":               keep(d, " "),
		"a body that is a list": keep(draft{Body: `[{"title":"x"}]`, File: file, Playbooks: checkoutPlaybooks}, "list"),
		"no event":              keep(draft{Body: `{}`, File: file, Playbooks: checkoutPlaybooks}, "none"),
		"another file":          keep(draft{Body: checkoutBody, File: "/etc/hosts.yaml", Playbooks: checkoutPlaybooks}, "elsewhere"),
		"a mistake":             keep(draft{Body: checkoutBody, File: file, Playbooks: "playbook: []"}, "mistaken"),
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
	s, file := serveFile(t, "playbooks:\n  - name: x\n")
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

func TestSend(t *testing.T) {
	s := serve(t, func(c *Config) { // As with --remote.
		c.Sandbox.Token = "another"
		c.Environment = c.Sandbox.Environment(nil, slog.New(slog.DiscardHandler))
	})
	s.deliver(`{"title":"x"}`).is(t, "refused", "401")
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
		} else if _, id, advised := strings.Cut(got.Error, `add "id": `); advised {
			if status, _ := call[answered](s, http.MethodPost, "send", sending{`{"title":"x","id":` + id + "}", 2}); status != http.StatusOK {
				t.Errorf("with the id %s it is answered %d", id, status)
			}
		}
	}
}

func TestInject(t *testing.T) {
	s := serve(t)
	if status, got := call[answered](s, http.MethodPost, "fault", misbehaviour{"events.create", "status:500", 0}); status != http.StatusOK {
		t.Fatalf("%d %s", status, got.Error)
	}
	s.deliver(`{"id":"1","title":"x"}`).is(t, "queued", "Queued: ", "500", "Next try at ")
	call[answered](s, http.MethodPost, "fault", misbehaviour{})
	s.deliver(`{"id":"2","title":"x"}`).is(t, "posted")
	if status, got := call[answered](s, http.MethodPost, "fault", misbehaviour{"events.create", "no such fault", 1}); status != http.StatusBadRequest || got.Error == "" {
		t.Errorf("%d %s", status, got.Error)
	}
}
