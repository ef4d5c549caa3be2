package enrich

import "time"

// Finding is what a step learned, in blocks that say what they are and not how
// they look: only shared/event renders them. Every string in it is plain text.
type Finding struct {
	// Title heads the finding in the event, "Monitor" or "What changed".
	Title string
	// Weight decides which findings give way when the event is full: the lightest first.
	Weight Weight
	Blocks []Block
	// Missing says which part of the finding could not be had, if one could not:
	// the event is then tagged as partly enriched.
	Missing error
	// Data is the same knowledge for playbooks and for machines: a struct of the
	// step's own with json tags.
	Data any
}

// Weight says how much a finding matters to whoever is woken by it.
type Weight int

// The weights, from the first to give way to the last.
const (
	Background Weight = 10 * (iota + 1)
	Useful
	Important
	Essential
)

// Block is one part of a finding.
type Block interface{ block() }

// Facts are short name and value pairs.
type Facts []Fact

// Fact is one name and its value.
type Fact struct{ Name, Value string }

// List is a sequence of entries, the most important first.
type List struct {
	Items []Item
	// More is how many further entries exist that Items leaves out.
	More int
}

// Item is one entry of a list. Time, URL and Tag are optional.
type Item struct {
	Time time.Time
	// Tag classes the item in a word: "alert", "deploy", "error".
	Tag  string
	Text string
	URL  string
}

// Links are pages to open next.
type Links []Link

// Link is one page. Kind is one of Datadog's: runbook, documentation, dashboard,
// resource; none is a resource too.
type Link struct{ Kind, Title, URL string }

// Paragraph is a sentence or two.
type Paragraph string

// Code is text to be shown as it is, in a fixed-width font.
type Code string

// Image is a picture by its address.
type Image struct{ Title, URL string }

func (Facts) block()     {}
func (List) block()      {}
func (Links) block()     {}
func (Paragraph) block() {}
func (Code) block()      {}
func (Image) block()     {}
