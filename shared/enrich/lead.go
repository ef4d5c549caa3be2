package enrich

import (
	"slices"
	"time"
)

// Lead is one line of an event's first screen, of at most MaxLead characters. Its text is
// plain; package event orders, escapes and bounds the lines. Time and URL are optional.
type Lead struct {
	Answer Answer
	Text   string
	URL    string
	Time   time.Time
	// Fallback is set if the lead counts only where no other step has one of its answer.
	Fallback bool
}

// MaxLead bounds a lead, because the first screen has several.
const MaxLead = 120

// NewLead returns a lead whose text is truncated to MaxLead, and the answer for the facts
// that say the same, which is empty if the text was truncated.
func NewLead(l Lead) (lead Lead, repeated Answer) {
	text := l.Text
	l.Text = Line(text, MaxLead)
	if l.Text != text {
		return l, ""
	}
	return l, l.Answer
}

// dropFallbacks drops the fallbacks from findings whose answer another finding has too.
func dropFallbacks(results []Result) {
	known := map[Answer]bool{}
	for _, r := range results {
		for _, l := range r.Finding.Lead {
			known[l.Answer] = known[l.Answer] || !l.Fallback
		}
	}
	for i, r := range results {
		results[i].Finding.Lead = slices.DeleteFunc(slices.Clone(r.Finding.Lead), func(l Lead) bool { return l.Fallback && known[l.Answer] })
	}
}

// NoSuspect is the whole line where nothing points anywhere.
const NoSuspect = "No suspect found."

// Answer is the question that a Lead answers to the person on call.
type Answer string

// The answers, in the order of the first screen.
const (
	What    Answer = "what"  // What fails and how badly.
	Since   Answer = "since" // Since when.
	Suspect Answer = "suspect"
	Owner   Answer = "owner"
	OnCall  Answer = "on call"
	Runbook Answer = "runbook"
	Monitor Answer = "monitor" // The monitor's page at the time of the alert.
)
