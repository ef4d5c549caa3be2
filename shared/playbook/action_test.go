package playbook_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

func named(actions []*playbook.Action) []enrich.Named {
	all := []enrich.Named{}
	for _, a := range actions {
		all = append(all, a.Named())
	}
	return all
}

// ticket opens a ticket, comments on it and closes it.
const ticket = `
match: alert.tags.service == "checkout"
steps:
  - uses: owner
    when: cycle.kept.ticket == "" || cycle.lasted > 60
    with: {service: "{{ .cycle.kept.ticket }}"}
event: {title: "{{ .cycle.kept.ticket | default \"no ticket\" }}"}
then:
  - name: open
    uses: ask
    on: failure
    once: cycle
    timeout: 5s
    with: {url: "https://example.com/{{ .alert.tags.service }}", headers: {A: "{{ .event.id }}"}, body: {text: "{{ .alert.title }}"}}
    keep: {ticket: "{{ .steps.open.body.key }}", about: "{{ .alert.tags.env }} "}
  - name: note
    uses: ask
    when: alert.tags.note == "yes" && cycle.kept.ticket != ""
    with: {url: "https://example.com/note"}
  - name: close
    uses: ask
    on: recovery
    with: {url: "https://example.com/{{ .cycle.kept.ticket }}/close"}
`

func recovered() alert.Alert {
	a := checkout()
	a.Transition = alert.Recovered
	return a
}

func TestPlan_Then_On(t *testing.T) {
	for _, c := range []struct {
		transition alert.Transition
		want       map[string]outcome
		keeps      []string
	}{
		{alert.Triggered, map[string]outcome{
			"open": {enrich.OK, ""}, "note": {enrich.Skipped, `its condition does not hold: alert.tags.note == "yes" && cycle.kept.ticket != ""`},
			"close": {enrich.Skipped, "it runs on recovery only"},
		}, []string{"about", "ticket"}},
		{alert.Renotify, map[string]outcome{
			"open": {enrich.OK, ""}, "note": {enrich.Skipped, `its condition does not hold: alert.tags.note == "yes" && cycle.kept.ticket != ""`},
			"close": {enrich.Skipped, "it runs on recovery only"},
		}, []string{"about", "ticket"}},
		{alert.Recovered, map[string]outcome{
			"open": {enrich.Skipped, "it runs on failure only"}, "note": {enrich.Skipped, `its condition does not hold: alert.tags.note == "yes" && cycle.kept.ticket != ""`},
			"close": {enrich.OK, ""},
		}, nil},
	} {
		a := checkout()
		a.Transition = c.transition
		plan := bench{}.load(t, one(ticket)).For(a, memory.Memory{})
		plan.Cycle = func() event.Cycle { return event.Cycle{Kept: map[string]string{"ticket": "OPS-7"}} }
		got := outcomes(enrich.Run(t.Context(), named(plan.Then(nil, "x", event.Posted{ID: "1"})), a, time.Second))
		if diff := gocmp.Diff(c.want, got); diff != "" || !slices.Equal(plan.Keeps(), c.keeps) || !plan.Acts() {
			t.Errorf("%s keeps %q, acts %t (-want +got):\n%s", c.transition, plan.Keeps(), plan.Acts(), diff)
		}
	}
	only := bench{}.load(t, one("then:\n  - {uses: owner, on: recovery}"))
	if only.For(checkout(), memory.Memory{}).Acts() || !only.For(recovered(), memory.Memory{}).Acts() {
		t.Error("a step that runs on recovery only counts on others")
	}
}

// What the cycle keeps is read by later steps, the event and then.
func TestPlan_Kept(t *testing.T) {
	r := &recorder{}
	b := bench{"owner": r.note("owner"), "ask": r.note("ask")}
	plan := b.load(t, one(ticket)).For(recovered(), memory.Memory{})
	cycle := event.Cycle{Kept: map[string]string{"ticket": "OPS-7", "other": "x"}}
	for _, known := range []event.Cycle{cycle, {}} {
		plan.Cycle = func() event.Cycle { return known }
		results := run(t, plan, recovered())
		draft, _ := plan.Draft(results, known)
		enrich.Run(t.Context(), named(plan.Then(results, "x", event.Posted{ID: "1"})), recovered(), time.Second)
		if want := cmp.Or(known.Kept["ticket"], "no ticket"); draft.Title != want {
			t.Errorf("kept %q: title %q", known.Kept, draft.Title)
		}
	}
	if url := r.made["ask"].Config.(askConfig).URL; url != "https://example.com/OPS-7/close" {
		t.Errorf("closed %s", url)
	}
	if diff := gocmp.Diff(ownerConfig{}, r.made["owner"].Config); diff != "" {
		t.Errorf("without a ticket, the step got %s", diff)
	}
}

// A step waits for what an action will keep, if its condition is true so far.
func TestPlan_Pending(t *testing.T) {
	plan := bench{}.load(t, one(ticket)).For(recovered(), memory.Memory{})
	plan.Cycle = func() event.Cycle { return event.Cycle{Pending: []string{"ticket"}} }
	waits := outcome{enrich.Failed, "it waits for ticket, which a step of an earlier notification has still to keep"}
	want := map[string]outcome{"open": {enrich.Skipped, "it runs on failure only"}, "note": waits, "close": waits}
	results := enrich.Run(t.Context(), named(plan.Then(nil, "x", event.Posted{})), recovered(), time.Second)
	if diff := gocmp.Diff(want, outcomes(results)); diff != "" || !fault.IsTemporary(results[2].Err) {
		t.Errorf("-want +got:\n%s", diff)
	}
	// Steps before the event never wait.
	for _, r := range run(t, plan, recovered()) {
		if r.Status != enrich.OK {
			t.Errorf("%s: %v", r.Name, r.Err)
		}
	}
	plan.Cycle = func() event.Cycle {
		return event.Cycle{Pending: []string{"about", "tick"}, Kept: map[string]string{"ticket": "OPS-7"}}
	}
	if r := enrich.Run(t.Context(), named(plan.Then(nil, "x", event.Posted{})), recovered(), time.Second)[2]; r.Status != enrich.OK {
		t.Errorf("it waits for what it does not read: %v", r.Err)
	}
}

// A resumed action has the Config of the first attempt, also with odd texts, and keeps the
// same.
func TestBook_Resume(t *testing.T) {
	for name, title := range map[string]string{
		"plain": "Errors on checkout", "empty": "", "two lines": "a\n b\n\n", "quotes": `"a' {{ .alert.id }} # x: - &y *z !t`, "null": "null", "number": "010",
		"Windows": "a\r\nb\t", "controls": "\x00\x01\x7f\u0085\u2028\ufeff\ufffe", "spaces": "  a  ", "long": strings.Repeat("語 ", 3000), "not UTF-8": "a\xffb",
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			b := bench{"ask": func(ctx context.Context, m made, a alert.Alert) (enrich.Finding, error) {
				_, _ = r.note("ask")(ctx, m, a)
				return enrich.Finding{Data: askData{Body: map[string]any{"key": "OPS-7"}}}, nil
			}}
			a := checkout()
			a.Title = title
			book := b.load(t, one(ticket))
			first := book.For(a, memory.Memory{}).Then(nil, "x", event.Posted{ID: "1"})[0]
			if first.Saved().With != "" {
				t.Error("settings that are not rendered are saved")
			}
			wantOK(t, enrich.Run(t.Context(), []enrich.Named{first.Named()}, a, time.Second))
			want := r.made["ask"].Config
			saved := first.Saved()
			// Another version has other playbooks.
			resumed, err := b.load(t, one("match: alert.test")).Resume(a, saved)
			if err != nil {
				t.Fatal(err)
			}
			results := enrich.Run(t.Context(), []enrich.Named{resumed.Named()}, a, time.Second)
			wantOK(t, results)
			if diff := gocmp.Diff(want, r.made["ask"].Config, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-first +resumed:\n%s", diff)
			}
			if diff := gocmp.Diff(saved, resumed.Saved()); diff != "" {
				t.Errorf("saved (-first +resumed):\n%s", diff)
			}
			for _, action := range []*playbook.Action{first, resumed} {
				kept, problems := action.Kept(results[0].Finding)
				if diff := gocmp.Diff(map[string]string{"ticket": "OPS-7", "about": "prod"}, kept); diff != "" || problems != nil {
					t.Errorf("%v, kept (-want +got):\n%s", problems, diff)
				}
			}
		})
	}
}

func TestBook_Resume_Unknown(t *testing.T) {
	good := enrich.Action{Playbook: "old", Step: "open", Kind: "ask", With: "url: https://example.com\n"}
	book := bench{}.load(t, one("match: alert.test"))
	if _, err := book.Resume(checkout(), good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*enrich.Action){
		"kind":     func(a *enrich.Action) { a.Kind = "phone" },
		"setting":  func(a *enrich.Action) { a.With += "volume: 3\n" },
		"type":     func(a *enrich.Action) { a.With = "url: [a]\n" },
		"not YAML": func(a *enrich.Action) { a.With = "url: {" },
		"template": func(a *enrich.Action) { a.Keep = map[string]string{"x": "{{ .steps.open.nothing }}"} },
	} {
		saved := good
		change(&saved)
		_, err := book.Resume(checkout(), saved)
		if f := fault.From(err); f == nil || f.Kind != fault.Permanent || !strings.Contains(f.Public, "the step open of the playbook old does not load in this version") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAction_Kept(t *testing.T) {
	long := strings.Repeat("x", 1<<10)
	for name, c := range map[string]struct {
		body any
		kept map[string]string
		err  string
	}{
		"text":     {map[string]any{"key": " OPS-7\n"}, map[string]string{"ticket": "OPS-7"}, ""},
		"number":   {map[string]any{"key": int64(7)}, map[string]string{"ticket": "7"}, ""},
		"1 KiB":    {map[string]any{"key": long}, map[string]string{"ticket": long}, ""},
		"too long": {map[string]any{"key": long + "x"}, map[string]string{}, "playbook test, open, keep.ticket: the text is longer than 1 KiB"},
		"absent":   {map[string]any{"id": 1}, map[string]string{}, "playbook test, open, keep.ticket: the template came out empty"},
		"no body":  {nil, map[string]string{}, "playbook test, open, keep.ticket: the template came out empty"},
	} {
		plan := bench{}.load(t, one("then:\n  - {name: open, uses: ask, with: {url: 'https://example.com'}, keep: {ticket: '{{ .steps.open.body.key }}'}}")).For(checkout(), memory.Memory{})
		kept, problems := plan.Then(nil, "x", event.Posted{})[0].Kept(enrich.Finding{Data: askData{Body: c.body}})
		if diff := gocmp.Diff(c.kept, kept); diff != "" || fmt.Sprint(errors.Join(problems...)) != cmp.Or(c.err, "<nil>") {
			t.Errorf("%s: %v (-want +got):\n%s", name, problems, diff)
		}
	}
}
