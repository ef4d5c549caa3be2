package event

import (
	"slices"
	"strings"
)

// LeftOut reports whether a composed event's text lacks something for Datadog's limit.
func LeftOut(r Request) bool {
	text, _ := read(r)
	at := strings.LastIndex(text, noteStart)
	return at >= 0 && !strings.Contains(text[at:], "\n\n") && strings.HasSuffix(text, noteEnd+markdownClose)
}

// Enrichment returns the value of a composed event's enrichment tag.
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
