package playbook_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// unknown is what the alerts of these tests lack.
var unknown = playbook.Unknown{"alert.extra", "alert.query", "alert.status", "memory", "steps", "suspects", "cycle"}

// TestJudge_Match compares what a condition says of an alert with known and unknown values.
func TestJudge_Match(t *testing.T) {
	const yes, no = "yes", "no"
	for match, want := range map[string]string{ // yes, no, or what is needed
		"":                                                                           yes,
		`alert.tags.service == "checkout"`:                                           yes,
		`alert.tags.service == "search"`:                                             no,
		`alert.query contains "cpu"`:                                                 "alert.query",
		`alert.query == ""`:                                                          "alert.query",
		`alert["query"] == ""`:                                                       "alert.query",
		`alert?.query == ""`:                                                         "alert.query",
		`alert.extra.region == "eu"`:                                                 "alert.extra.region",
		`alert.extra["region"] == "eu"`:                                              "alert.extra.region",
		`memory.count > 3`:                                                           "memory.count",
		`len(memory.followed) > 0`:                                                   "memory.followed",
		`not (memory.count > 3)`:                                                     "memory.count",
		`memory.count not in [1]`:                                                    "memory.count",
		`get(alert, "query") == ""`:                                                  "alert",
		`any(keys(alert), # == "query")`:                                             "alert",
		`any(alert.tag_list, # == alert.query)`:                                      "alert.query",
		`any(alert.tag_list, # == "bare")`:                                           yes,
		`alert.tags[alert.priority] == ""`:                                           yes,
		`alert.tags.service == "search" && memory.count > 3`:                         no,
		`memory.count > 3 && alert.tags.service == "search"`:                         no,
		`memory.count > 3 and alert.tags.service == "checkout"`:                      "memory.count",
		`alert.tags.service == "checkout" || memory.count > 3`:                       yes,
		`memory.count > 3 or alert.tags.service == "checkout"`:                       yes,
		`memory.count > 3 or alert.tags.service == "search"`:                         "memory.count",
		`not (memory.count > 3 && alert.tags.service == "search")`:                   yes,
		`!(memory.count > 3 || alert.recovered)`:                                     "memory.count",
		`memory.count > 3 && alert.query != "" && alert.status != ""`:                "memory.count alert.query alert.status",
		`alert.recovered ? memory.count > 3 : alert.priority == "P2"`:                yes,
		`alert.priority == "P2" ? memory.count > 3 : true`:                           "memory.count",
		`memory.count > 3 ? alert.priority == "P2" : alert.priority in ["P2", "P3"]`: yes,
		`memory.count > 3 ? alert.priority == "P2" : alert.priority == "P3"`:         "memory.count",
		`(alert.extra.owner ?? alert.tags.team) == "payments"`:                       "alert.extra.owner",

		`alert.title startsWith "Err" && alert.tags.service in ["checkout", alert.tags.team]`: yes,
	} {
		book := bench{}.load(t, one("match: "+quoted(match)))
		judged := playbook.NewJudge(book).Judge(checkout(), unknown)
		got := map[bool]string{true: yes, false: no}[judged.Plan(func(string) bool { return false }).Name() == "test"]
		if len(judged.Open) > 0 {
			got = strings.Join(judged.Open[0].Needs, " ")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", match, got, want)
		}
	}
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// TestJudge_Plan decides open conditions both ways.
func TestJudge_Plan(t *testing.T) {
	book := bench{}.load(t, `
playbooks:
  - {name: audit, match: alert.extra.audit == true, continue: true}
  - {name: often, match: memory.count > 3}
  - {name: search, match: alert.tags.service == "search" && memory.count > 3}
  - {name: checkout, match: alert.tags.service == "checkout"}
  - {name: unreached, match: alert.query == ""}
`)
	judged := playbook.NewJudge(book).Judge(checkout(), unknown)
	var open []string
	for _, u := range judged.Open {
		open = append(open, u.Playbook+" "+u.Key+": "+u.Source)
	}
	if diff := cmp.Diff([]string{"audit match: alert.extra.audit == true", "often match: memory.count > 3"}, open); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
	for holding, want := range map[string]string{"": "checkout", "alert.extra.audit == true": "audit checkout", "memory.count > 3": "often"} {
		plan := judged.Plan(func(condition string) bool { return condition == holding })
		if got := strings.Join(plan.Names, " "); got != want {
			t.Errorf("%q holds: got %s, want %s", holding, got, want)
		}
	}
}

// TestJudge_Draft renders what is known, and names the other templates.
func TestJudge_Draft(t *testing.T) {
	book := bench{}.load(t, one(`
steps: [{uses: owner}]
event:
  title: "{{ .alert.tags.service }}: {{ .alert.status | truncate 60 }}"
  text: "{{ with .steps.owner }}{{ .team }}{{ end }}"
  tags: ["tier:1", "service:{{ .alert.tags.service }}", "region:{{ .alert.extra.region }}"]
  priority: low
  alert_type: '{{ if gt .cycle.lasted 60.0 }}error{{ else }}info{{ end }}'
`))
	plan := playbook.NewJudge(book).Judge(checkout(), unknown).Plan(nil)
	draft, warnings := plan.Draft(nil, event.Cycle{})
	if draft.Title != "" || draft.Text != "" || draft.Priority != "low" || draft.AlertType != "" || len(warnings) > 0 {
		t.Errorf("got %+v, warnings %v", draft, warnings)
	}
	if diff := cmp.Diff([]string{"tier:1", "service:checkout"}, draft.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	got := map[string]string{}
	for _, u := range plan.Unjudged {
		got[u.Key] = strings.Join(u.Needs, " ")
		if reads := strings.Contains(u.Source, ".steps"); reads != strings.Contains(u.Steps, "uses: owner") {
			t.Errorf("%s: the steps are %q", u.Key, u.Steps)
		}
	}
	want := map[string]string{
		"event.title": "alert.status", "event.text": "steps.owner.team", "event.tags[2]": "alert.extra.region", "event.alert_type": "cycle.lasted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unjudged (-want +got):\n%s", diff)
	}
}

// TestJudge_Known gives the plan of For where nothing is unknown.
func TestJudge_Known(t *testing.T) {
	book := bench{}.load(t, one(`
match: alert.extra.region == "eu"
limit: 3
event: {title: "{{ .alert.extra.region }}"}
`))
	plan := playbook.NewJudge(book).Judge(checkout(), nil).Plan(nil)
	if draft, _ := plan.Draft(nil, event.Cycle{}); draft.Title != "eu" || plan.Limit != 3 || plan.API != playbook.APIv1 || len(plan.Unjudged) > 0 {
		t.Errorf("got %+v, %+v", plan, draft)
	}
}

func TestJoin(t *testing.T) {
	joined := playbook.Join(bench{}.load(t, one(`match: alert.priority == "P1"`)), bench{}.load(t, `playbooks: [{name: second, match: alert.priority == "P2"}]`))
	judge := playbook.NewJudge(joined)
	a := checkout()
	for priority, want := range map[string]string{"P1": "test", "P2": "second", "P3": joined.Fallback()} {
		a.Priority = priority
		if got := judge.Judge(a, nil).Plan(nil).Name(); got != want {
			t.Errorf("%s: got %s, want %s", priority, got, want)
		}
	}
}

// TestJoin_Kept reads what the playbooks of a second file keep.
func TestJoin_Kept(t *testing.T) {
	joined := playbook.Join(bench{}.load(t, one(`match: alert.priority == "P1"`)), bench{}.load(t, `
playbooks:
  - name: second
    event: {title: "{{ .cycle.kept.ticket }}"}
    then: [{uses: table, keep: {ticket: "{{ .steps.table.key }}"}}]
`))
	draft, _ := joined.For(checkout(), memory.Memory{}).Draft(nil, event.Cycle{Kept: map[string]string{"ticket": "OPS-7"}})
	if draft.Title != "OPS-7" {
		t.Errorf("got %+v", draft)
	}
}

// TestJudge_Sound gives the same answer as For for all values of what is unknown, or none.
func TestJudge_Sound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // The same expressions each time.
	atoms := []string{
		`alert.tags.service == "checkout"`, `alert.priority in ["P1"]`, `alert.recovered`, `alert.scope`, `true`, `any(alert.tag_list, # == "bare")`,
		`alert.query contains "cpu"`, `alert.query`, `alert.extra.a`, `alert.extra.a == true`, `memory.count > 3`, `any(alert.tag_list, # == alert.query)`,
	}
	var build func(depth int) string
	build = func(depth int) string {
		if depth == 0 {
			return atoms[random.IntN(len(atoms))]
		}
		a, b, c := build(random.IntN(depth)), build(random.IntN(depth)), build(random.IntN(depth))
		return []string{
			"(" + a + ") and (" + b + ")", "(" + a + ") || (" + b + ")", "not (" + a + ")", "!(" + a + ")", "(" + a + ") ? (" + b + ") : (" + c + ")",
			"((" + a + ") && (" + b + ")) or (" + c + ")", "((" + a + ") == (" + b + "))",
		}[random.IntN(7)]
	}
	decided := 0
	for range 400 {
		match := build(3)
		book, err := playbook.Load("test.yaml", []byte(one("match: "+quoted(match))), bench{}.kinds())
		if err != nil {
			continue // Such as a text for a condition.
		}
		judged := playbook.NewJudge(book).Judge(checkout(), unknown)
		if len(judged.Open) > 0 {
			continue
		}
		decided++
		want := judged.Plan(nil).Name()
		for variant := range 8 {
			a, m := checkout(), memory.Memory{}
			a.Query, a.Extra = "", nil
			if variant&1 > 0 {
				a.Query = "cpu"
			}
			if variant&2 > 0 {
				a.Extra = alert.Extra{"a": true}
			}
			if variant&4 > 0 {
				m.Count = 5
			}
			if got := book.For(a, m).Name(); got != want {
				t.Errorf("%s: judged %s, but %s for query %q, extra %v, count %d", match, want, got, a.Query, a.Extra, m.Count)
			}
		}
	}
	if decided < 50 {
		t.Errorf("only %d expressions are decided", decided)
	}
}
