package playbooktest_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

type config struct {
	Of     string `yaml:"of" doc:"Whose."`
	Window string `yaml:"window" doc:"As the default playbook's."`
}

type data struct {
	Team string `json:"team"`
	Tier int    `json:"tier"`
}

// kinds are a step that must never run, under three names.
func kinds(string) []enrich.Kind {
	var all []enrich.Kind
	for _, name := range []string{"owner", "metric", "monitor", "related_events", "suspects"} {
		all = append(all, enrich.KindOf(enrich.Kind{Name: name, Data: data{}}, func(config, time.Duration) enrich.Step {
			return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) { panic("a test asked the real step") })
		}))
	}
	return all
}

const playbooks = `
playbooks:
  - name: checkout
    match: alert.tags.service == "checkout"
    steps:
      - uses: owner
      - {name: again, uses: owner, with: {of: "{{ .steps.owner.team }}"}, when: steps.owner.ok}
    event:
      title: "{{ .steps.owner.team }}: {{ .alert.title }}"
      tags: ["tier:{{ .steps.owner.tier }}"]
    then:
      - {name: tell, uses: owner}
  - name: never
    match: alert.host == "never"
`

const keeping = `
playbooks:
  - name: checkout
    steps:
      - {uses: owner, when: cycle.kept.ticket == ""}
    event: {title: "{{ .cycle.kept.ticket | default .alert.title }}"}
    then:
      - {name: open, uses: owner, on: failure, once: cycle, keep: {ticket: "{{ .steps.open.team }}"}}
      - {name: close, uses: owner, on: recovery, when: cycle.kept.ticket != ""}
`

// suite writes a test file beside playbooks and loads it.
func suite(t *testing.T, playbooks, tests string) (*playbooktest.Suite, string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"a.yaml": playbooks, "a.test.yaml": tests, "body.json": `{"body": "Shoppers wait.", "tags": "service:checkout"}`} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := playbooktest.Load(filepath.Join(folder, "a.test.yaml"), kinds)
	return s, folder, err
}

// results runs a test file. It also returns the failures by the names of the cases.
func results(t *testing.T, playbooks, tests string) (r playbooktest.Result, failures map[string][]string) {
	t.Helper()
	s, _, err := suite(t, playbooks, tests)
	if err == nil {
		r, err = s.Run(t.Context(), false)
	}
	if err != nil {
		t.Fatal(err)
	}
	failures = map[string][]string{}
	for _, c := range r.Cases {
		if len(c.Failures) > 0 {
			failures[c.Name] = c.Failures
		}
	}
	return r, failures
}

const good = `
playbooks: a.yaml
steps:
  owner: {data: {team: shop, tier: 1}}
cases:
  - name: all of it
    alert: {title: slow, tags: ["service:checkout"], alert_transition: Triggered, alert_type: error, priority: low}
    cycle: {lasted: 11m, notified: 3}
    earlier:
      - {before: 2h, lasted: 12m, recovered: true, kind: deploy, service: cart}
      - {before: 26h, lasted: 14m, kind: deploy, service: cart}
      - {before: 5h, lasted: 30m}
    steps:
      again: {data: {team: again}}
      tell: {timeout: 5s}
    expect:
      playbooks: [checkout]
      steps: [owner, again, tell]
      title: "shop: slow"
      alert_type: error
      priority: low
      tags: {contains: ["tier:1", "playbook:checkout"], lacks: ["tier:2"]}
      text: {contains: ["team: shop", "It has lasted 11 min so far; this is notification 3", "4th time in 30 days; 1 of 3 recovered by themselves, median 14 min; 2 followed a deploy of cart"], lacks: ["Could not"]}
  - name: the owner is unknown
    alert: {tags: ["service:checkout"]}
    steps:
      owner: {error: "the catalog has no service checkout"}
    expect:
      steps: [owner]
      tags: {contains: ["enrichment:none"]}
      text: {contains: ["owner: the catalog has no service checkout"]}
  - {name: slow, alert: {tags: ["service:checkout"]}, steps: {owner: {timeout: 2s}}, expect: {text: {contains: ["owner: no answer within 2s"]}}}
  - {name: nothing, alert: {tags: ["service:checkout"]}, steps: {owner: {skip: "no team"}}, expect: {steps: [], text: {lacks: ["no team"]}}}
  - name: another service
    alert: {tags: ["service:other"], date: 1795165924000}
    expect:
      playbooks: [default]
  - {name: from a file, event: body.json, expect: {playbooks: [checkout], text: {contains: ["Shoppers wait."]}}}
`

func TestRun_Passes(t *testing.T) {
	r, failures := results(t, playbooks, good)
	if len(r.Cases) != 6 || !r.Passed() {
		t.Errorf("of %d cases these fail: %v", len(r.Cases), failures)
	}
	if diff := cmp.Diff([]string{"playbook never"}, r.Unreached); diff != "" {
		t.Errorf("unreached (-want +got):\n%s", diff)
	}
}

// A case says what the cycle keeps, and which actions run.
func TestRun_Kept(t *testing.T) {
	_, failures := results(t, keeping, `
steps: {owner: {data: {team: shop}}, open: {data: {team: OPS-7}}, close: {data: {team: done}}}
cases:
  - {name: opens, alert: {title: x, alert_transition: Triggered}, expect: {steps: [owner, open]}}
  - {name: has one, alert: {alert_transition: Renotify}, cycle: {kept: {ticket: OPS-7}}, expect: {steps: [open], title: OPS-7}}
  - {name: closes, alert: {alert_transition: Recovered}, cycle: {kept: {ticket: OPS-7}}, expect: {steps: [close], title: OPS-7}}
  - {name: nothing to close, alert: {title: x, alert_transition: Recovered}, expect: {steps: [owner]}}
  - {name: keeps nothing, alert: {title: x, alert_transition: Triggered}, steps: {open: {data: {tier: 1}}}, expect: {steps: [owner, open]}}
`)
	if diff := cmp.Diff(map[string][]string{"keeps nothing": {"playbook checkout, open, keep.ticket: the template came out empty"}}, failures); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, _, err := suite(t, keeping, "cases: [{name: a, alert: {title: x}, cycle: {kept: {tikcet: x}}, expect: {steps: []}}]")
	if want := `a.test.yaml:1:61: no step of a then keeps "tikcet"; did you mean "ticket"?`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestRun_Fails(t *testing.T) {
	r, _ := results(t, playbooks, `
cases:
  - name: all of it wrong
    alert: {title: slow, tags: ["service:checkout"], alert_type: error}
    steps: {owner: {data: {team: shop, tier: 1}}}
    expect:
      steps: [again]
      title: "fast"
      alert_type: info
      priority: low
      tags: {contains: ["a:b", "tier:2"], lacks: ["tier:1"]}
      text: {contains: ["not there", "team: search"], lacks: ["team: shop"]}
      golden: none.golden
  - {name: no match, alert: {tags: ["service:other"]}, expect: {playbooks: [checkout], title: fast}}
`)
	unreached := []string{"playbook never", "step again of playbook checkout", "step tell of playbook checkout"}
	if diff := cmp.Diff(unreached, r.Unreached); diff != "" {
		t.Errorf("unreached (-want +got):\n%s", diff)
	}
	for i, all := range [][]string{
		{
			"steps (-want +got):\n- again\n+ owner", "again was skipped: the case has no stub for this step", "title (-want +got):\n- fast\n+ shop: slow",
			"alert_type (-want +got):\n- info\n+ error", "priority (-want +got):\n- low\n+ ",
			"tags (-want +got): \"a:b\" is missing\n- a:b\n+ service:checkout\n+ tier:1", "tags (-want +got): \"tier:2\" is missing\n- tier:2\n+ tier:1",
			"tags: \"tier:1\" must not be there\n+ tier:1", "text (-want +got): \"not there\" is missing\n- not there\n+ - Since",
			"text (-want +got): \"team: search\" is missing\n- team: search\n+ - team: shop", "text: \"team: shop\" must not be there\n+ - team: shop",
			"none.golden; UPDATE=1 (boomerang test --update) writes it",
		},
		{"playbooks (-want +got):\n- checkout\n+ default", "checkout does not match: false is alert.tags.service == \"checkout\"\nnever does not match"},
	} {
		if diff := cmp.Diff(len(all), len(r.Cases[i].Failures)); diff != "" {
			t.Errorf("failures (-want +got):\n%s", diff)
		}
		got := strings.Join(r.Cases[i].Failures, "\n")
		for _, want := range all {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in:\n%s", want, got)
			}
		}
	}
	if r.Passed() {
		t.Error("it passed")
	}
}

func TestRun_Golden(t *testing.T) {
	s, folder, err := suite(t, playbooks, `
cases:
  - name: whole
    alert: {title: slow, tags: ["service:checkout"]}
    steps: {owner: {data: {team: shop}}}
    expect: {golden: golden/whole.golden}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, update := range []bool{true, false} {
		if r, err := s.Run(t.Context(), update); err != nil || !r.Passed() {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	path := filepath.Join(folder, "golden", "whole.golden")
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Title, Text string }
	if err := json.NewDecoder(strings.NewReader(string(written))).Decode(&body); err != nil || body.Title != "shop: slow" {
		t.Errorf("%+v, %v", body, err)
	}
	if !strings.HasSuffix(string(written), "\n"+body.Text+"\n") {
		t.Errorf("the text does not follow:\n%s", written)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(written), "shop: slow", "shop: fast", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Cases[0].Failures; len(got) != 1 || !strings.Contains(got[0], "-   \"title\": \"shop: fast\",\n+   \"title\": \"shop: slow\",") ||
		!strings.HasSuffix(got[0], "\nTo accept it: UPDATE=1 (boomerang test --update)") {
		t.Errorf("the difference is\n%s", got)
	}
}
