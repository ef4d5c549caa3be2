package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/payload"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/playbook"
)

// Entry is a line about a playbook or a step, and what stands below it in a full screen.
type Entry struct {
	Good, Bad bool
	Text      string
	Details   []Detail
}

// Detail is a text of several lines with a name of up to five letters.
type Detail struct{ Name, Text string }

func (p *Printer) mark(e Entry) string {
	switch {
	case e.Good:
		return p.paint(green, "✓")
	case e.Bad:
		return p.paint(red, "✗")
	}
	return p.paint(dim, "·")
}

// maxMisses is how many playbooks that do not match leave a screen its room.
const maxMisses = 5

// VerdictEntries say which playbooks are used, and which part of the others' match is false: of all
// of them, or of those of which most holds.
func VerdictEntries(verdicts []playbook.Verdict, used []string, all bool) []Entry {
	var entries []Entry
	var unreached []string
	near, more := nearest(verdicts), 0
	for i, v := range verdicts {
		switch {
		case v.Unreached:
			unreached = append(unreached, v.Playbook)
		case v.Matched:
			entries = append(entries, Entry{Good: true, Text: dryrun.Explain(v)})
		case !all && !slices.Contains(near, i):
			more++
		default:
			entries = append(entries, Entry{Bad: true, Text: dryrun.Explain(v)})
		}
	}
	if more > 0 {
		entries = append(entries, Entry{Text: enrich.Count(more, "more playbook") + " not used, which match less; -v shows them"})
	}
	if len(unreached) > 0 {
		entries = append(entries, Entry{Text: "not reached, because the playbook above does not continue: " + strings.Join(unreached, ", ")})
	}
	if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Good }) {
		entries = append(entries, Entry{Good: true, Text: strings.Join(used, ", ") + " is used, because no playbook matches"})
	}
	return entries
}

// nearest returns the places of those that do not match, but nearly, or whose condition failed.
func nearest(verdicts []playbook.Verdict) (places []int) {
	shares := make([]float64, len(verdicts))
	for i, v := range verdicts {
		for _, clause := range v.Clauses {
			if clause.Holds {
				shares[i] += 1 / float64(len(v.Clauses))
			}
		}
		if v.Err != nil {
			shares[i] = 1
		}
		if !v.Matched && !v.Unreached {
			places = append(places, i)
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	return places[:min(maxMisses, len(places))]
}

// StepEntry says how a step ended, after how long, and why.
func StepEntry(name string, status enrich.Status, took time.Duration, why string) Entry {
	e := Entry{Good: status == enrich.OK, Bad: status != enrich.OK && status != enrich.Skipped}
	e.Text = fmt.Sprintf("%-20s %8s", name, Rounded(took))
	if !e.Good {
		e.Text += "  " + string(status)
	}
	if why != "" {
		e.Text += ": " + why
	}
	return e
}

// StepEntries say how steps ended, what they were given and what they found.
func StepEntries(steps []dryrun.Step) []Entry {
	entries := make([]Entry, len(steps))
	for i, s := range steps {
		name, why := s.Name, fault.Public(s.Err)
		if s.Kind.Name != "" && s.Kind.Name != s.Name {
			name += " (" + s.Kind.Name + ")"
		}
		if s.Then {
			name += ", after the post"
		}
		if s.Finding.PartialReason != nil {
			why = "lacks " + fault.Public(s.Finding.PartialReason)
		}
		entries[i] = StepEntry(name, s.Status, s.Duration, why)
		entries[i].Details = []Detail{{"with", ConfigText(s.With)}, {"found", encoded(s.Finding.Data)}}
	}
	return entries
}

// ReadingEntries say what of a payload was guessed, with the lines of a template that would
// say it, and what was unreadable.
func ReadingEntries(guessed []alert.Guess, unreadable []alert.Problem) (entries []Entry) {
	guessed = slices.SortedFunc(slices.Values(guessed), func(a, b alert.Guess) int { return cmp.Compare(a.Field, b.Field) })
	for some := range slices.Chunk(guessed, 3) { // As many as a line of the screen takes.
		texts, lines := make([]string, len(some)), ""
		for i, g := range some {
			texts[i] = g.Field + " from " + strings.ReplaceAll(g.Source, "_", " ")
			if line := payload.Line(g.Field); line != "" {
				lines += line + "\n"
			}
		}
		entries = append(entries, Entry{Text: "guessed: " + strings.Join(texts, ", "), Details: []Detail{{"add", lines}}})
	}
	if len(unreadable) == 0 {
		return entries
	}
	fields, reasons := make([]string, len(unreadable)), make([]string, len(unreadable))
	for i, one := range unreadable {
		fields[i], reasons[i] = one.Field, one.Reason
	}
	return append(entries, Entry{Text: "unreadable: " + strings.Join(fields, ", "), Details: []Detail{{"why", strings.Join(reasons, "\n")}}})
}

// Notes returns an entry without a status for each text.
func Notes(texts []string) []Entry {
	entries := make([]Entry, len(texts))
	for i, text := range texts {
		entries[i].Text = text
	}
	return entries
}
