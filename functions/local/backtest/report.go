package backtest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/playbook"
)

// Report counts alerts. Its JSON is the command's output.
type Report struct {
	Base      string    `json:"base"`      // the playbooks to compare with
	Playbooks string    `json:"playbooks"` // those of the working tree
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	Read      int       `json:"events_read"`
	Skipped   int       `json:"alerts_of_others"` // that do not mention the webhook
	Notes     []string  `json:"notes,omitempty"`

	Alerts    int `json:"alerts"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	NotJudged int `json:"not_judged"` // no change is known, and not all is judged

	Matched []Match `json:"matched"` // by playbook
	Default Pair    `json:"default"` // alerts that only the default playbook matches
	Open    Pair    `json:"open"`    // alerts whose playbook is open

	Changes  []Group `json:"changes"`
	Cut      Count   `json:"cut"`
	HeldBack Count   `json:"held_back"`
	Followed Count   `json:"followed_up"`
	Warnings []Group `json:"warnings"` // of templates that failed

	Unjudged []Unjudged `json:"unjudged"`

	fallbacks [2]string // the playbooks of Default
}

// Pair is a number with the base's playbooks, and with those of the working tree.
type Pair struct {
	Base int `json:"base"`
	Now  int `json:"now"`
}

func (p *Pair) add(side int) { *[]*int{&p.Base, &p.Now}[side]++ }

// Match counts the alerts that a playbook matches first.
type Match struct {
	Playbook string `json:"playbook"`
	Pair
}

// Group is changes of one kind that have something in common.
type Group struct {
	Kind     string    `json:"kind"`
	Playbook string    `json:"playbook,omitempty"` // of the working tree
	What     string    `json:"what,omitempty"`
	Count    int       `json:"count"`
	Examples []Example `json:"examples"`
}

// Example is an alert of a group, with what both versions make of it.
type Example struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Title  string `json:"title"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Count is alerts that meet one fate, with groups of those of the working tree.
type Count struct {
	Pair
	Groups []Group `json:"groups"`
}

// Unjudged is an expression or a template that reads what rebuilt alerts lack.
type Unjudged struct {
	Playbook string   `json:"playbook"`
	Key      string   `json:"key"`
	Source   string   `json:"source"`
	Needs    []string `json:"needs"`
	Count    int      `json:"count"`
	BaseOnly bool     `json:"base_only"`
}

// maxExamples is how many alerts a group shows.
const maxExamples = 3

func newReport(s Selection, base, now Playbooks) *Report {
	r := &Report{
		Base: base.Name, Playbooks: now.Name, Read: s.Read, Skipped: s.Skipped, Alerts: len(s.Alerts), Matched: []Match{}, Unjudged: []Unjudged{},
		Notes:     slices.DeleteFunc([]string{s.Note, base.Note}, func(note string) bool { return note == "" }),
		fallbacks: [2]string{base.fallback, now.fallback},
	}
	for _, list := range r.lists() {
		*list = []Group{} // JSON has no null in their places.
	}
	if len(s.Alerts) > 0 {
		r.From, r.To = s.Alerts[0].Date, s.Alerts[len(s.Alerts)-1].Date
	}
	return r
}

func (r *Report) lists() []*[]Group {
	return []*[]Group{&r.Changes, &r.Cut.Groups, &r.HeldBack.Groups, &r.Followed.Groups, &r.Warnings}
}

func (r *Report) add(a Alert, one result) {
	switch {
	case len(one.changes) > 0:
		r.Changed++
	case len(one.notJudged) > 0:
		r.NotJudged++
	default:
		r.Unchanged++
	}
	for _, c := range one.changes {
		r.group(&r.Changes, Group{Kind: c.kind, Playbook: c.playbook, What: c.group}, a, c.before, c.after)
	}
	for side, f := range one.fates {
		if f == nil {
			r.Open.add(side)
			continue
		}
		findOrAdd(&r.Matched, Match{Playbook: f.first}, func(m Match) bool { return m.Playbook == f.first }).add(side)
		for pair, counts := range map[*Pair]bool{
			&r.Default: f.first == r.fallbacks[side], &r.Cut.Pair: len(f.cut) > 0, &r.HeldBack.Pair: f.isHeld, &r.Followed.Pair: len(f.after) > 0,
		} {
			if counts {
				pair.add(side)
			}
		}
	}
	if f := one.fates[1]; f != nil {
		r.addFate(a, f)
	}
	r.addUnjudged(one.unjudged)
}

// addFate groups what becomes of an alert with the playbooks of the working tree.
func (r *Report) addFate(a Alert, f *fate) {
	for _, what := range f.cut {
		r.group(&r.Cut.Groups, Group{Playbook: f.playbook, What: numbers.ReplaceAllString(what, "…")}, a, "", what)
	}
	for _, warning := range f.warnings {
		r.group(&r.Warnings, Group{Playbook: f.playbook, What: warning}, a, "", "")
	}
	if f.isHeld {
		r.group(&r.HeldBack.Groups, Group{Playbook: f.playbook, What: "monitor " + a.MonitorID}, a, "", "")
	}
	if len(f.after) > 0 {
		r.group(&r.Followed.Groups, Group{Playbook: f.playbook, What: "after " + durations(f.after)}, a, "", "")
	}
}

// numbers matches what differs by alert in a text on omissions.
var numbers = regexp.MustCompile(`\b[0-9]+\b`)

// addUnjudged counts each expression once for an alert.
func (r *Report) addUnjudged(sides [2][]playbook.Unjudged) {
	counted := map[[3]string]bool{}
	for side, all := range [][]playbook.Unjudged{sides[1], sides[0]} {
		for _, u := range all {
			key := [3]string{u.Playbook, u.Key, strings.TrimSpace(u.Source)}
			known := findOrAdd(&r.Unjudged, Unjudged{Playbook: key[0], Key: key[1], Source: key[2], BaseOnly: true}, func(other Unjudged) bool {
				return key == [3]string{other.Playbook, other.Key, other.Source}
			})
			known.BaseOnly = known.BaseOnly && side == 1
			known.Needs = append(known.Needs, without(u.Needs, known.Needs)...)
			if !counted[key] {
				counted[key] = true
				known.Count++
			}
		}
	}
}

func (r *Report) group(list *[]Group, g Group, a Alert, before, after string) {
	in := findOrAdd(list, g, func(other Group) bool {
		return other.Kind == g.Kind && other.Playbook == g.Playbook && other.What == g.What
	})
	in.Count++
	if len(in.Examples) < maxExamples {
		in.Examples = append(in.Examples, Example{ID: a.ID, URL: a.Link, Title: a.Title, Before: before, After: after})
	}
}

// findOrAdd returns the element of a list that is the same as one, which it adds if there is none.
func findOrAdd[T any](list *[]T, one T, isSame func(T) bool) *T {
	i := slices.IndexFunc(*list, isSame)
	if i < 0 {
		i, *list = len(*list), append(*list, one)
	}
	return &(*list)[i]
}

// finished sorts all lists: the most frequent first.
func (r *Report) finished() Report {
	for _, list := range r.lists() {
		slices.SortFunc(*list, func(a, b Group) int {
			return cmp.Or(
				cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(b.Count, a.Count),
				cmp.Compare(a.Playbook, b.Playbook), cmp.Compare(a.What, b.What),
			)
		})
	}
	slices.SortFunc(r.Matched, func(a, b Match) int {
		return cmp.Or(cmp.Compare(max(b.Base, b.Now), max(a.Base, a.Now)), cmp.Compare(a.Playbook, b.Playbook))
	})
	slices.SortFunc(r.Unjudged, func(a, b Unjudged) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Playbook, b.Playbook), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Source, b.Source))
	})
	return *r
}
