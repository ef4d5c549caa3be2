package cases_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/cases"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

type config struct {
	Of string `yaml:"of" doc:"Whose."`
}

type data struct {
	Team string `json:"team"`
	Tier int    `json:"tier"`
}

// kinds are a step that must never run, under three names.
func kinds(string) []enrich.Kind {
	var all []enrich.Kind
	for _, name := range []string{"owner", "monitor", "related_events"} {
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

// suite writes a test file beside playbooks and loads it.
func suite(t *testing.T, tests string) (*cases.Suite, string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"a.yaml": playbooks, "a.test.yaml": tests} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := cases.Load(filepath.Join(folder, "a.test.yaml"), kinds)
	return s, folder, err
}

func results(t *testing.T, tests string) cases.Result {
	t.Helper()
	s, _, err := suite(t, tests)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const good = `
steps:
  owner: {data: {team: shop, tier: 1}}
cases:
  - name: all of it
    alert: {title: slow, tags: ["service:checkout"], alert_transition: Triggered, alert_type: error, priority: low}
    cycle: {lasted: 11m, notified: 3}
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
      text: {contains: ["team: shop", "It has lasted 11 min so far; this is notification 3"], lacks: ["Could not"]}
  - name: the owner is unknown
    alert: {tags: ["service:checkout"]}
    steps:
      owner: {error: "the catalog has no service checkout"}
    expect:
      steps: [owner]
      tags: {contains: ["enrichment:none"]}
      text: {contains: ["owner: the catalog has no service checkout"]}
  - name: the owner is slow
    alert: {tags: ["service:checkout"]}
    steps:
      owner: {timeout: 2s}
    expect:
      text: {contains: ["owner: no answer within 2s"]}
  - name: the owner has nothing to say
    alert: {tags: ["service:checkout"]}
    steps:
      owner: {skip: "no team"}
    expect:
      steps: []
      text: {lacks: ["no team"]}
  - name: another service
    alert: {tags: ["service:other"], date: 1795165924000}
    expect:
      playbooks: [default]
`

func TestSuite_passes(t *testing.T) {
	r := results(t, good)
	for _, c := range r.Cases {
		if len(c.Failures) > 0 {
			t.Errorf("%s: %s", c.Name, strings.Join(c.Failures, "\n"))
		}
	}
	if len(r.Cases) != 5 || !r.Passed() {
		t.Errorf("%d cases, passed: %t", len(r.Cases), r.Passed())
	}
	if diff := cmp.Diff([]string{"playbook never"}, r.Unreached); diff != "" {
		t.Errorf("unreached (-want +got):\n%s", diff)
	}
}

func TestSuite_tells_what_no_case_reaches(t *testing.T) {
	r := results(t, `
cases:
  - name: no stubs
    alert: {tags: ["service:checkout"]}
    expect: {playbooks: [checkout]}
`)
	want := []string{"playbook never", "step again of playbook checkout", "step owner of playbook checkout", "step tell of playbook checkout"}
	if diff := cmp.Diff(want, r.Unreached); diff != "" || !r.Passed() {
		t.Errorf("unreached (-want +got):\n%s", diff)
	}
}

func TestSuite_shows_every_difference(t *testing.T) {
	r := results(t, `
cases:
  - name: all of it wrong
    alert: {title: slow, tags: ["service:checkout"], alert_type: error}
    steps: {owner: {data: {team: shop, tier: 1}}}
    expect:
      playbooks: [never]
      steps: [again]
      title: "fast"
      alert_type: info
      priority: low
      tags: {contains: ["a:b"], lacks: ["tier:1"]}
      text: {contains: ["not there"], lacks: ["team: shop"]}
      golden: none.golden
`)
	got := strings.Join(r.Cases[0].Failures, "\n")
	for _, want := range []string{
		"playbooks: want [never], got [checkout]", "checkout matched", "never was not reached",
		"steps: want [again], got [owner]", `title: want "fast", got "shop: slow"`,
		`alert_type: want "info", got "error"`, `priority: want "low", got ""`,
		`tags: "a:b" is missing`, `tags: "tier:1" must not be there`, "tags: there is service:checkout, tier:1",
		`text: "not there" is missing`, `text: "team: shop" must not be there`, "- team: shop", "none.golden; make test-playbooks UPDATE=1 (or --update) writes it",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
	if r.Passed() {
		t.Error("it passed")
	}
}

func TestSuite_says_why_a_playbook_did_not_match(t *testing.T) {
	r := results(t, `
cases:
  - name: wrong
    alert: {tags: ["service:other"]}
    expect: {playbooks: [checkout]}
`)
	if got := strings.Join(r.Cases[0].Failures, "\n"); !strings.Contains(got, `checkout did not match, since this is false: alert.tags.service == "checkout"`) {
		t.Errorf("got %s", got)
	}
}

func TestSuite_golden(t *testing.T) {
	const tests = `
cases:
  - name: whole
    alert: {title: "%s", tags: ["service:checkout"]}
    steps: {owner: {data: {team: shop}}}
    expect: {golden: golden/whole.golden}
`
	s, folder, err := suite(t, strings.Replace(tests, "%s", "slow", 1))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Run(t.Context(), true); err != nil || !r.Passed() {
		t.Fatalf("%+v, %v", r, err)
	}
	written, err := os.ReadFile(filepath.Join(folder, "golden", "whole.golden"))
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Title, Text string }
	if err := json.NewDecoder(strings.NewReader(string(written))).Decode(&body); err != nil || body.Title != "shop: slow" {
		t.Errorf("%+v, %v", body, err)
	}
	if !strings.HasSuffix(string(written), "\n"+body.Text+"\n") {
		t.Errorf("the text does not follow as it reads:\n%s", written)
	}
	if r, err := s.Run(t.Context(), false); err != nil || !r.Passed() {
		t.Errorf("%+v, %v", r, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "golden", "whole.golden"), []byte(strings.Replace(string(written), "shop: slow", "shop: fast", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.Cases[0].Failures, "\n"); !strings.Contains(got, `-   "title": "shop: fast",`) || !strings.Contains(got, `+   "title": "shop: slow",`) || !strings.Contains(got, "  …") {
		t.Errorf("the difference is shown as\n%s", got)
	}
}

func TestSuite_takes_event_files(t *testing.T) {
	folder, err := filepath.Abs("../../../events")
	if err != nil {
		t.Fatal(err)
	}
	relative := "../../../../../../../../../.." + filepath.ToSlash(folder)
	r := results(t, `
playbooks: a.yaml
cases:
  - name: from a file
    event: `+relative+`/torq-payload.json
    expect: {playbooks: [checkout], text: {contains: ["Shoppers in eu-west-1b wait"]}}
`)
	if !r.Passed() {
		t.Errorf("%+v", r)
	}
}

func TestLoad_says_everything_that_is_wrong(t *testing.T) {
	_, _, err := suite(t, `
cases:
  - name: one
    alert: {tags: ["service:checkout"]}
    steps:
      owner: {data: {team: a}, error: b}
      ownr: {skip: x}
    expect: {}
  - name: one
    expect: {title: x}
  - event: nowhere.json
    alert: {title: x}
    expect: {title: x}
  - name: three
    event: nowhere.json
    expect: {title: x}
`)
	if err == nil {
		t.Fatal("it is loaded")
	}
	for _, want := range []string{
		"a.test.yaml:6:14: a step answers in one way", `no playbook has a step "ownr"; there are again, owner, tell`,
		"expects nothing", "a name of its own", "either an event file or an alert", "nowhere.json",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q:\n%v", want, err)
		}
	}
}

func TestLoad_is_strict(t *testing.T) {
	for name, c := range map[string]struct{ tests, says string }{
		"an unknown key":      {"cases:\n  - {name: a, alert: {title: x}, expct: {title: x}}", `unknown key "expct"; did you mean "expect"?`},
		"no case":             {"cases: []", "it holds no case"},
		"playbooks not there": {"playbooks: none.yaml\ncases:\n  - {name: a, alert: {title: x}, expect: {title: x}}", "none.yaml"},
		"no YAML":             {"cases: [", "a.test.yaml"},
		"an alert too deep":   {"cases:\n  - {name: a, alert: {x: " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}, expect: {title: x}}", "a.test.yaml:2"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := suite(t, c.tests); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
	if _, err := cases.Load("none.test.yaml", kinds); err == nil {
		t.Error("a file that is not there is loaded")
	}
}

func TestRun_refuses_an_answer_that_the_step_cannot_give(t *testing.T) {
	for _, answer := range []string{"{teem: shop}", "{tier: high}", "[1]"} {
		s, _, err := suite(t, `
cases:
  - name: one
    alert: {tags: ["service:checkout"]}
    steps: {owner: {data: `+answer+`}}
    expect: {playbooks: [checkout]}
`)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(t.Context(), false); err == nil || !strings.Contains(err.Error(), "a.test.yaml:5:27: the step owner finds nothing like this") {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
