package playbook_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

func names(steps []enrich.Named) []string {
	all := []string{}
	for _, s := range steps {
		all = append(all, s.Name)
	}
	return all
}

const services = `
playbooks:
  - name: noise
    match: alert.tags.env == "staging"
    continue: true
    limit: 5
    steps: [{uses: monitor}]
    event: {title: "Staging: {{ .alert.title }}", api: v2}
  - name: checkout
    match: alert.tags.service == "checkout"
    limit: 7
    steps: [{uses: owner}, {uses: monitor}]
    event: {title: "Checkout", priority: low}
    then: [{uses: ask, with: {url: "https://example.com"}}]
  - name: payments
    match: alert.tags.team == "payments"
    steps: [{uses: metric}]
  - name: loud
    match: alert.priority == "P1"
    continue: true
    steps: [{uses: owner, with: {service: loud}}]
    then: [{uses: ask, with: {url: "https://example.com/loud"}}]
`

func TestBook_For(t *testing.T) {
	book := bench{}.load(t, services)
	all := map[string][]string{
		"noise": {"monitor"}, "checkout": {"owner", "monitor", "ask"}, "payments": {"metric"}, "loud": {"owner", "ask"},
	}
	if diff := cmp.Diff(all, book.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		alert       alert.Alert
		names       []string
		steps, then []string
		api         string
		limit       int
		title       string
	}{
		"the first match wins": {
			alert: checkout(), names: []string{"checkout"}, steps: []string{"owner", "monitor"}, then: []string{"ask"},
			api: "v1", limit: 7, title: "Checkout",
		},
		"a later match is used where none is before it": {
			alert: alert.Alert{Tags: alert.Tags{"team:payments"}}, names: []string{"payments"}, steps: []string{"metric"}, then: []string{}, api: "v1",
		},
		"continue adds the steps of the next match, each name once, and keeps the first one's words": {
			alert: alert.Alert{Title: "x", Tags: alert.Tags{"env:staging", "service:checkout"}}, names: []string{"noise", "checkout"},
			steps: []string{"monitor", "owner"}, then: []string{"ask"}, api: "v2", limit: 5, title: "Staging: x",
		},
		"continue without another match is a match": {
			alert: alert.Alert{Title: "x", Tags: alert.Tags{"env:staging"}}, names: []string{"noise"},
			steps: []string{"monitor"}, then: []string{}, api: "v2", limit: 5, title: "Staging: x",
		},
		"continue goes over what does not match": {
			alert: alert.Alert{Title: "x", Priority: "P1", Tags: alert.Tags{"env:staging"}}, names: []string{"noise", "loud"},
			steps: []string{"monitor", "owner"}, then: []string{"ask"}, api: "v2", limit: 5, title: "Staging: x",
		},
		"no match is the embedded default": {
			alert: alert.Alert{}, names: []string{"default"}, steps: []string{"metric", "monitor", "related_events", "suspects"}, then: []string{}, api: "v1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := book.For(c.alert, memory.Memory{})
			if diff := cmp.Diff(c.names, plan.Names); diff != "" {
				t.Errorf("playbooks (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.steps, names(plan.Steps())); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.then, names(named(plan.Then(nil, "", event.Posted{})))); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
			draft, failed := plan.Draft(nil, event.Cycle{})
			if plan.Name() != c.names[0] || draft.Playbook != c.names[0] || draft.Title != c.title || plan.API != c.api || plan.Limit != c.limit || failed != nil {
				t.Errorf("got %s, %+v, api %s, limit %d, %v", plan.Name(), draft, plan.API, plan.Limit, failed)
			}
		})
	}
}

func TestBook_For_Expressions(t *testing.T) {
	for expression, want := range map[string]bool{
		"":     true,
		"true": true,
		`alert.tags.service == "checkout" && alert.transition in ["Triggered", "Re-Triggered"]`: true,
		`alert.tags.nothing == ""`:                     true,
		`alert.tags["service"] startsWith "check"`:     true,
		`"bare" in alert.tag_list`:                     true,
		`"bare" in alert.tags`:                         true,
		`any(alert.tag_list, {# startsWith "shard:"})`: true,
		`count(alert.tag_list, {# contains ":"}) == 4`: true,
		`int(alert.tags.shard) > 5`:                    true,
		`alert.message matches "(?i)MANY"`:             true,
		`not (alert.message matches "few")`:            true,
		`alert.logs_sample.count == 3`:                 true,
		`alert.logs_sample.rate < 1`:                   true,
		`alert.logs_sample.id == 7284105863092654118`:  true,
		`"a" in alert.logs_sample.lines`:               true,
		`alert.security.signal_severity == "high"`:     true,
		`alert.incident.severity == ""`:                true,
		`alert.incident.severity startsWith "SEV"`:     false,
		`alert.extra.region == "eu"`:                   true,
		`alert.extra.limits.cpu >= 4`:                  true,
		`alert.extra.nothing == nil`:                   true,
		`alert.date startsWith "2026-03-14T02:58"`:     true,
		`alert.date > alert.last_updated`:              true,
		`alert.recovered || alert.test`:                false,
		`len(filter(alert.tag_list, {# endsWith "s"})) == 1 ? alert.host == "web-1" : false`: true,
		`(alert.extra.a?.b ?? "none") == "none"`:                                             true,
		`lower(alert.title) | hasPrefix("err")`:                                              true,
	} {
		t.Run(expression, func(t *testing.T) {
			plan := bench{}.load(t, one("match: '"+strings.ReplaceAll(expression, "'", "''")+"'")).For(checkout(), memory.Memory{})
			if got := plan.Name() == "test"; got != want || len(plan.Warnings) > 0 {
				t.Errorf("matches: %v, want %v; %v", got, want, plan.Warnings)
			}
		})
	}
}

// foreign are values that a person who writes an expression about a text or a number
// does not expect, as payloads have them.
var foreign = map[string]any{
	"absent": nil, "number": int64(500), "fraction": 500.5, "large": 1e18, "true": true, "list": []any{"a", int64(1), nil},
	"empty list": []any{}, "object": map[string]any{"a": "b"}, "empty object": map[string]any{}, "empty text": "", "text": "zzz",
}

// TestBook_For_ForeignValues checks that no value ends an expression with an error: the
// part about the value is false, and the rest counts. x is the value.
func TestBook_For_ForeignValues(t *testing.T) {
	for _, part := range []string{
		`x in ["501", "502"]`, `x in ["501"]`, `x in [501, 502]`, `x in ["501", 502]`, `x in {"501": 1}`, `x in {"501": 1, "502": 2}`,
		`[x] in [["501"]]`, `not (x not in ["501", "502"])`, `x in alert.tag_list`, `x in alert.tags`, `x in alert.extra.limits`,
		`"501" in x`, `501 in x`, `alert.title in x`, `x in x && false`, `x in keys(alert.tags)`, `x in map(alert.tag_list, {upper(#)})`,
		`any(alert.tag_list, {x in ["501", "502"]})`, `any(x, {# in ["501", "502"]})`, `any(x, {# > 501})`, `any(x, {# startsWith "c"})`,
		`one(x, {# contains "c"})`, `count(x, {# matches "c"}) > 0`, `len(filter(x, {# == "c"})) > 0`, `find(x, {# > "zzzz"}) != nil`,
		`sum(x) > 501`, `sum(x, {# * 2}) > 501`, `sum(map(x, {# + 1})) > 501`, `count(x) > 1`, `all(["501"], {x == #})`,
		`x > 1e19`, `x < -1`, `x >= "zzzz"`, `x <= -1.5`, `x > alert.extra.limits`, `-x > 501`, `x + 1 < 0`, `x + "a" == "b"`,
		`x - 1 < -2`, `x * 2 < -1`, `x / 0 < -1`, `x % 0 == 0`, `x ** 2 < 0`, `x contains "c"`, `x startsWith "c"`, `x endsWith "c"`, `"c" contains x && false`,
		`alert.title startsWith x && false`, `x matches "c"`, `len(x) > 3`, `upper(x) == "C"`, `trim(x) == "c"`, `hasPrefix(x, "c")`, `indexOf(x, "c") > 0`,
		`int(x) > 1000 && x != 1e18`, `float(x) > 501.5 && x != 1e18`, `abs(x) < 0`, `round(x) < 0`, `max(x) > 501 && x != 1e18`, `min(x, 3) == "c"`,
		`x.y.z == "c"`, `x["y"] == "c"`, `x[7] == "c"`, `x[-9] == "c"`, `x?.y?.z == "c"`, `x[1:3] == "c"`, `x[x] == "c"`, `alert.tags[x] == "c"`, `alert.tag_list[x] == "c"`,
		`alert.tag_list[99] == "c"`, `get(x, "y") == "c"`, `first(x) == "c"`, `last(x) == "c"`, `"c" in values(x)`, `not true && x`, `(x.y ?? "d") == "c"`,
		`x.y ? true : false`, `not (not x.y)`, `x == "c"`, `x == 501`, `x == [501]`, `not (x != {"c": 1})`, `string(x) == "c"`, `type(x) == "c"`,
		`(x in ["501", "502"] ? "a" : "b") == "a"`, `x in ["501", x > 3 ? "502" : "503"]`, `(x in ["501", "502"]) == true`,
	} {
		for name, value := range foreign {
			a := checkout()
			a.Extra["x"] = value
			part := strings.NewReplacer("{x ", "{alert.extra.x ", "not x.y", "not alert.extra.x.y").Replace(part)
			part = regexp.MustCompile(`\bx\b`).ReplaceAllString(strings.ReplaceAll(part, "alert.extra.x", "x"), "alert.extra.x")
			for expression, want := range map[string]bool{
				part:                 false,
				"not (" + part + ")": true,
				part + " || alert.tags.service == \"checkout\"":         true,
				"alert.tags.service == \"checkout\" && !(" + part + ")": true,
			} {
				plan := bench{}.load(t, one("match: '"+expression+"'\nsteps: [{uses: monitor, when: '"+expression+"'}]")).For(a, memory.Memory{})
				if got := plan.Name() == "test"; got != want || len(plan.Warnings) > 0 {
					t.Errorf("%s: %s: matches: %v, want %v; %v", name, expression, got, want, plan.Warnings)
				}
				if want && outcomes(run(t, plan, a))["monitor"].Status != enrich.OK {
					t.Errorf("%s: when: %s: %v", name, expression, outcomes(run(t, plan, a)))
				}
			}
		}
	}
}

// TestBook_For_EvaluationError checks that an expression that takes too long warns, and
// that the log does not quote the alert.
func TestBook_For_EvaluationError(t *testing.T) {
	a := flood()
	a.Title = "jane (roe@example.com"
	const expression = `any(alert.tag_list, {any(alert.tag_list, {any(alert.tag_list, {alert.title contains # + "x"})})})`
	plan := bench{}.load(t, one("match: '"+expression+"'")).For(a, memory.Memory{})
	if plan.Name() != "default" || len(plan.Warnings) != 1 {
		t.Fatalf("got %s with %v", plan.Name(), plan.Warnings)
	}
	want := fmt.Sprintf("playbook test does not match: the expression %q: the evaluation exceeds 250ms", expression)
	if public := fault.Public(plan.Warnings[0]); !strings.HasPrefix(public, want) {
		t.Errorf("the public text is %s, want %s", public, want)
	}
	if text := plan.Warnings[0].Error(); strings.Contains(text, "jane") || !strings.Contains(text, strconv.Quote(expression)) {
		t.Errorf("the log says %s", text)
	}
}

func TestBook_Explain(t *testing.T) {
	book := bench{}.load(t, `
playbooks:
  - name: staging
    match: alert.tags.service == "checkout" && any(alert.tag_list, {# == "env:staging"}) && alert.title matches "x"
  - name: foreign
    match: alert.test == false and alert.extra.limits > 3
  - name: either
    match: alert.test || alert.recovered
  - name: on
    match: alert.tags.service == "checkout"
    continue: true
  - name: rest
  - name: never
    match: alert.test
`)
	verdicts := book.Explain(checkout(), memory.Memory{})
	want := []playbook.Verdict{
		{Playbook: "staging", False: `any(alert.tag_list, # == "env:staging")`},
		{Playbook: "foreign", False: `alert.extra.limits > 3`},
		{Playbook: "either", False: `alert.test || alert.recovered`},
		{Playbook: "on", Matched: true},
		{Playbook: "rest", Matched: true},
		{Playbook: "never", False: "alert.test", Unreached: true},
	}
	var clauses [][]playbook.Clause
	for i, v := range verdicts {
		clauses, verdicts[i].Clauses = append(clauses, v.Clauses), nil
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantClauses := [][]playbook.Clause{
		{{`alert.tags.service == "checkout"`, true}, {`any(alert.tag_list, # == "env:staging")`, false}, {`alert.title matches "x"`, false}},
		{{`alert.test == false`, true}, {`alert.extra.limits > 3`, false}},
		{{`alert.test || alert.recovered`, false}},
		{{`alert.tags.service == "checkout"`, true}},
		nil,
		{{"alert.test", false}},
	}
	if diff := cmp.Diff(wantClauses, clauses); diff != "" {
		t.Errorf("the clauses (-want +got):\n%s", diff)
	}
}
