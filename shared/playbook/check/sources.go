package check

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"boomerang/shared/playbook"
)

//go:embed sources.txt
var sourcesFile string

// knownSources are the sources that Datadog lists.
var knownSources = sync.OnceValue(func() (names []string) {
	for line := range strings.Lines(sourcesFile) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			names = append(names, line)
		}
	}
	return names
})

// sources warns of sources that Datadog does not list. It takes any text, but shows an event of
// an unknown source as one of no integration.
func (p place) sources() {
	for _, name := range outputs(p.Event.Source) {
		if name != "" && !slices.ContainsFunc(knownSources(), func(known string) bool { return searchTerm(known) == searchTerm(name) }) {
			p.warn("event.source", "Datadog does not list the source %q, and may show the event without an integration%s", name, meant(name))
		}
	}
}

// searchTerm returns a source as searches have it.
func searchTerm(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "_") }

// meant suggests the listed source that a name is close to, or the end of: "ec2" for "amazon ec2".
func meant(name string) string {
	known := playbook.Closest(name, knownSources())
	if known == "" {
		i := slices.IndexFunc(knownSources(), func(known string) bool { return strings.HasSuffix(known, " "+strings.ToLower(name)) })
		if i < 0 {
			return ""
		}
		known = knownSources()[i]
	}
	return fmt.Sprintf("; did you mean %q?", known)
}
