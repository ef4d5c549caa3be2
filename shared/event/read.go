package event

import (
	"slices"
	"strings"
)

// What is measured of a composed event is read from the event itself: it is what
// people got.

// The beginning and the end of the note about what gave way, which ends a text.
const (
	noteLeftOut = "_Left out, for Datadog's limit: "
	noteEnd     = "._"
)

// LeftOut reports whether something gave way in the text of a composed event.
func LeftOut(r Request) bool {
	text, _ := read(r)
	at := strings.LastIndex(text, noteLeftOut)
	return at >= 0 && !strings.Contains(text[at:], "\n\n") && strings.HasSuffix(text, noteEnd+markdownClose)
}

// Enrichment returns what a composed event's tag says of its completeness.
func Enrichment(r Request) string {
	_, tags := read(r)
	for _, tag := range slices.Backward(tags) { // Ours come after the alert's.
		if value, ok := strings.CutPrefix(tag, tagEnrichment); ok {
			return value
		}
	}
	return ""
}

func read(r Request) (text string, tags []string) {
	switch e := r.(type) {
	case Event:
		return e.Text, e.Tags
	case AlertEvent:
		return e.Data.Attributes.Message, e.Data.Attributes.Tags
	}
	return "", nil
}
