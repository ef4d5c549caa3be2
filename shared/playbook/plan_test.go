package playbook_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// recorder notes what steps are made with, by what they are called in the test:
// the first text of their Config.
type recorder struct {
	mu   sync.Mutex
	made map[string]made
}

func (r *recorder) note(name string) func(context.Context, made, alert.Alert) (enrich.Finding, error) {
	return func(_ context.Context, m made, _ alert.Alert) (enrich.Finding, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.made == nil {
			r.made = map[string]made{}
		}
		r.made[name] = m
		return enrich.Finding{}, nil
	}
}

// outcome is how a step ended, as people see it.
type outcome struct {
	Status enrich.Status
	Why    string
}

func outcomes(results []enrich.Result) map[string]outcome {
	all := map[string]outcome{}
	for _, r := range results {
		all[r.Name] = outcome{r.Status, fault.Public(r.Err)}
	}
	return all
}

func wantOK(t *testing.T, results []enrich.Result) {
	t.Helper()
	for name, result := range outcomes(results) {
		if result.Status != enrich.OK {
			t.Errorf("%s: %v", name, result)
		}
	}
}

func TestPlan_Steps_When(t *testing.T) {
	b := bench{"owner": finds(ownerData{Team: "payments", Tier: 1}), "ask": fails("down"), "metric": finds(metricData{Value: 0.5})}
	plan := b.load(t, one(`
steps:
  - {name: holds, uses: monitor, when: alert.tags.team == "payments"}
  - {name: not, uses: monitor, when: alert.tags.team == "search"}
  - {name: foreign, uses: monitor, when: alert.extra.limits > 3}
  - uses: owner
  - uses: metric
  - uses: ask
    with: {url: "https://example.com"}
  - {name: by-finding, uses: monitor, when: steps.owner.ok && steps.owner.team == "payments" && steps.owner.tier < 2}
  - {name: by-number, uses: monitor, when: steps.metric.value > 0.4}
  - {name: by-failure, uses: monitor, when: not steps.ask.ok && steps.ask.status == 0 && steps.ask.body == nil}
  - {name: by-skip, uses: monitor, when: not steps.not.ok}
  - {name: by-nothing, uses: monitor, when: len(steps.owner.contacts) == 0 && steps.owner.manager == nil}
  - {name: no-value, uses: ask, with: {url: "https://example.com/{{ .alert.extra.nothing }}"}}`)).For(checkout(), memory.Memory{})
	want := map[string]outcome{
		"holds":      {enrich.OK, ""},
		"not":        {enrich.Skipped, `its condition does not hold: alert.tags.team == "search"`},
		"foreign":    {enrich.Skipped, `its condition does not hold: alert.extra.limits > 3`},
		"owner":      {enrich.OK, ""},
		"metric":     {enrich.OK, ""},
		"ask":        {enrich.Failed, "something went wrong inside Boomerang"},
		"by-finding": {enrich.OK, ""},
		"by-number":  {enrich.OK, ""},
		"by-failure": {enrich.OK, ""},
		"by-skip":    {enrich.OK, ""},
		"by-nothing": {enrich.OK, ""},
		"no-value":   {enrich.Skipped, "the alert has no usable value for a part of the url"},
	}
	if diff := cmp.Diff(want, outcomes(run(t, plan, checkout()))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlan_Steps_With(t *testing.T) {
	r := &recorder{}
	b := bench{"owner": r.note("owner"), "metric": r.note("metric"), "ask": r.note("ask"), "table": r.note("table")}
	plan := b.load(t, one(`
steps:
  - uses: owner
    with: {service: "{{ .alert.tags.service }}-{{ .alert.extra.nothing }}"}
  - uses: metric
    with: {query: plain, window: 90m, points: 3, scale: 2, smooth: true}
    cache: 5m
  - uses: ask
    cache: 0s
    with:
      url: https://example.com/{{ .alert.tags.service }}
      headers: {X-Team: "{{ .alert.tags.team }}", X-Plain: a}
      body:
        number: 1
        list: ["{{ .alert.title }}", {inner: "{{ .alert.logs_sample.count }} of {{ .alert.extra.limits }}"}, ~, 1.5]
      show: [{name: "{{ upper .alert.tags.env }}", path: a.b}]
      secret: {name: key}
  - uses: table
    cache:
    with: {file: "x-{{ .alert.id }}"}`)).For(checkout(), memory.Memory{})
	wantOK(t, run(t, plan, checkout()))
	want := map[string]made{
		"owner":  {ownerConfig{Service: "checkout-"}, playbook.DefaultCache},
		"metric": {metricConfig{Query: "plain", Window: 90 * time.Minute, Points: 3, Scale: 2, Smooth: true}, 5 * time.Minute},
		"ask": {askConfig{
			URL:     "https://example.com/checkout",
			Headers: map[string]string{"X-Team": "payments", "X-Plain": "a"},
			Body: map[string]any{
				"number": int64(1), "list": []any{"Errors on checkout", map[string]any{"inner": `3 of {"cpu":4}`}, nil, 1.5},
			},
			Show:   []show{{Name: "PROD", Path: "a.b"}},
			Secret: &secretConfig{Name: "key"},
		}, 0},
		"table": {map[string]string{"file": "x-7284105863092654118"}, playbook.DefaultCache},
	}
	if diff := cmp.Diff(want, r.made); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPlan_Steps_Concurrent shows, under the race detector, that each alert's step has
// its own Config, which it may change.
func TestPlan_Steps_Concurrent(t *testing.T) {
	b := bench{"ask": func(_ context.Context, m made, a alert.Alert) (enrich.Finding, error) {
		c := m.Config.(askConfig)
		c.Headers["Changed"] = a.ID
		c.Body.(map[string]any)["changed"] = a.ID
		c.Secret.Name = a.ID
		return enrich.Finding{Data: askData{Body: c.Headers["X-Id"] + string(c.URL)}}, nil
	}}
	book := b.load(t, one(`
match: alert.tags.service matches "^check"
steps:
  - uses: ask
    with: {url: "https://example.com/{{ .alert.id }}", headers: {X-Id: "{{ .alert.id }}"}, body: {a: b}, secret: {name: x}}
  - uses: owner
    with: {service: "{{ .steps.ask.body }}"}
event: {title: "{{ .steps.ask.body }}"}`))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			a := alert.Alert{ID: fmt.Sprint(i), Tags: alert.Tags{"service:checkout"}}
			plan := book.For(a, memory.Memory{})
			draft, _ := plan.Draft(run(t, plan, a), event.Cycle{})
			if want := fmt.Sprintf("%dhttps://example.com/%d", i, i); draft.Title != want {
				t.Errorf("alert %d got %q", i, draft.Title)
			}
			book.Explain(a, memory.Memory{})
		})
	}
	all.Wait()
}

// TestPlan_Steps_Order takes as long as the longest chain of steps.
func TestPlan_Steps_Order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each = 100 * time.Millisecond
		takes := func(context.Context, made, alert.Alert) (enrich.Finding, error) {
			time.Sleep(each)
			return enrich.Finding{Data: ownerData{Team: "x"}}, nil
		}
		plan := bench{"owner": takes}.load(t, one(`
steps:
  - {name: alone, uses: owner}
  - {name: also-alone, uses: owner}
  - {name: a, uses: owner}
  - {name: b, uses: owner, when: steps.a.ok}
  - {name: c, uses: owner, with: {service: "{{ .steps.b.team }}"}}
  - {name: d, uses: owner}
  - {name: e, uses: owner, with: {service: "{{ if .steps.d.ok }}{{ .alert.title }}{{ end }}"}}`)).For(checkout(), memory.Memory{})
		started := time.Now()
		results := run(t, plan, checkout())
		if took := time.Since(started); took != 3*each {
			t.Errorf("took %s", took)
		}
		wantOK(t, results)
	})
}

// TestPlan_Steps_After shows that what is compiled once for several playbooks is not
// what their steps keep.
func TestPlan_Steps_After(t *testing.T) {
	const source = `
  - name: reads-%[1]s
    match: alert.title == "%[1]s"
    steps:
      - {name: a, uses: owner}
      - {name: b, uses: owner}
      - {name: c, uses: owner}
      - {name: x, uses: owner}
      - {name: y, uses: owner}
      - {name: last, uses: owner, when: steps.a.ok && steps.b.ok && steps.c.ok, with: {service: "{{ .steps.%[1]s.team }}"}}
`
	loaded := bench{}.load(t, "playbooks:\n"+fmt.Sprintf(source, "x")+fmt.Sprintf(source, "y"))
	for _, read := range []string{"x", "y"} {
		steps := loaded.For(alert.Alert{Title: read}, memory.Memory{}).Steps()
		if diff := cmp.Diff([]string{"a", "b", "c", read}, steps[len(steps)-1].After); diff != "" {
			t.Errorf("%s waits for (-want +got):\n%s", read, diff)
		}
	}
}

func TestPlan_Steps_Timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context, _ made, _ alert.Alert) (enrich.Finding, error) {
			<-ctx.Done()
			return enrich.Finding{Data: ownerData{Team: "late"}}, ctx.Err()
		}
		r := &recorder{}
		plan := bench{"owner": hangs, "metric": r.note("metric")}.load(t, one(`
steps:
  - {uses: owner, timeout: 200ms}
  - {uses: metric, with: {query: "<{{ .steps.owner.team }}{{ .steps.owner.ok }}{{ .steps.owner.contacts }}>"}}`)).For(checkout(), memory.Memory{})
		started := time.Now()
		got := outcomes(run(t, plan, checkout()))
		if took := time.Since(started); took != 200*time.Millisecond {
			t.Errorf("took %s", took)
		}
		want := map[string]outcome{"owner": {enrich.TimedOut, "no answer within 200ms"}, "metric": {enrich.OK, ""}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := r.made["metric"].Config.(metricConfig).Query; got != "<false>" {
			t.Errorf("what a step that was late left behind is seen: %q", got)
		}
	})
}

func TestPlan_Then(t *testing.T) {
	r := &recorder{}
	b := bench{"owner": finds(ownerData{Team: "payments"}), "metric": fails("down"), "ask": r.note("ask"), "table": finds(map[string]any{"channel": "#pay"})}
	a := checkout()
	plan := b.load(t, one(`
steps:
  - uses: owner
  - uses: metric
then:
  - {name: channel, uses: table, with: {key: "{{ .steps.owner.team }}"}}
  - uses: ask
    when: event.id != "" && not steps.metric.ok && steps.channel.ok
    with:
      url: https://example.com/{{ .event.id }}/{{ .steps.owner.team }}?channel={{ .steps.channel.channel }}&text={{ .event.title }}
      headers: {Link: "{{ .event.url }}"}`)).For(a, memory.Memory{})
	results := run(t, plan, a)
	then := plan.Then(results, "What & why?", event.Posted{ID: "42", URL: "https://app.datadoghq.com/event/42"})
	wantOK(t, enrich.Run(t.Context(), named(then), a, time.Second))
	want := askConfig{
		URL:     "https://example.com/42/payments?channel=%23pay&text=What+%26+why%3F",
		Headers: map[string]string{"Link": "https://app.datadoghq.com/event/42"},
	}
	if diff := cmp.Diff(want, r.made["ask"].Config); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
