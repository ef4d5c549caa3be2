package enrich

import (
	"slices"
	"time"
)

// Finding is what a step found, in blocks that say what they are and not how they
// look: package event renders them. Every string in it is plain text.
type Finding struct {
	// Title is the heading in the event: "Monitor".
	Title string
	// Weight decides which findings are dropped when the event is full: the lightest first.
	Weight Weight
	Blocks []Block
	// Lead is what the step knows for the event's first screen.
	Lead []Lead
	// Began is when the alert's cycle began; zero if the step does not know.
	Began time.Time
	// Suspect is what the alert most likely followed; zero if the step does not say.
	Suspect Change
	// Changes are those shortly before and after the alert; nil if the step did not see all.
	Changes []Change
	// Standing is how the alert stands now.
	Standing Standing
	// PartialReason says why a part of the finding is missing. The event is then
	// tagged as partly enriched.
	PartialReason error
	// Data is the same knowledge for playbooks: a struct of the step with json tags.
	Data any
}

// Change is a change, or what else an alert can follow. Only Kind is always set.
type Change struct {
	Kind    string // "deploy", "config", "flag", "infrastructure", "change" or "alert".
	Service string
	Title   string
	Time    time.Time
}

// Weight is the importance of a finding to the person on call.
type Weight int

// The weights, from the first to be dropped to the last.
const (
	Background Weight = 10 * (iota + 1)
	Useful
	Important
	Essential
)

// Block is one part of a finding.
type Block interface{ empty() bool }

// Facts are short name and value pairs.
type Facts []Fact

// Fact is one name and its value.
type Fact struct {
	Name, Value string
	// Lead is set if the finding's lead with that answer says the same. The event then
	// leaves the fact out where its first screen shows that lead.
	Lead Answer
}

// List is a sequence of entries, the most important first.
type List struct {
	Items []Item
	// More counts further entries that Items leaves out.
	More int
}

// Item is one entry of a list. Time, URL and Tag are optional.
type Item struct {
	Time time.Time
	// Tag classifies the item in a word: "alert", "deploy", "error".
	Tag  string
	Text string
	URL  string
	// Lead is set if a lead of the finding says the same. See Fact.
	Lead Answer
}

// Links are pages to open next.
type Links []Link

// Link is one page. Kind is one of Datadog's: runbook, documentation, dashboard or
// resource; an empty one means resource.
type Link struct{ Kind, Title, URL string }

// Reference is a block that people can look up elsewhere, such as a monitor's type. It is
// the first to be dropped when the event is full.
type Reference struct{ Block }

// Paragraph is a sentence or two.
type Paragraph string

// Code is text to be shown as it is, in a fixed-width font.
type Code string

// Image is a picture by its URL.
type Image struct{ Title, URL string }

func (f Facts) empty() bool     { return len(f) == 0 }
func (l List) empty() bool      { return len(l.Items) == 0 }
func (l Links) empty() bool     { return len(l) == 0 }
func (p Paragraph) empty() bool { return p == "" }
func (c Code) empty() bool      { return c == "" }
func (i Image) empty() bool     { return i.URL == "" }

// Blocks returns the blocks that are not empty.
func Blocks(all ...Block) []Block {
	return slices.DeleteFunc(all, func(b Block) bool { return b == nil || b.empty() })
}

// ListOf returns a list of at most limit items.
func ListOf[T any](all []T, limit int, item func(T) Item) List {
	list := List{More: max(0, len(all)-limit)}
	for _, one := range all[:len(all)-list.More] {
		list.Items = append(list.Items, item(one))
	}
	return list
}

// Unless returns nothing if the reader knows the value already.
func Unless(isKnown bool, value string) string {
	if isKnown {
		return ""
	}
	return value
}

// Known returns the facts that have a value, each on one line of at most limit runes.
func (f Facts) Known(limit int) Facts {
	known := slices.Clone(f)
	for i := range known {
		known[i].Value = Line(known[i].Value, limit)
	}
	return slices.DeleteFunc(known, func(fact Fact) bool { return fact.Value == "" })
}
