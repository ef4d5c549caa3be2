package fakedatadog

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

var monitorReference = regexp.MustCompile(`\d+`)

// parts are the ids of the monitors of which a composite monitor is made.
func (m Monitor) parts() []int64 {
	if m.Type != "composite" {
		return nil
	}
	var ids []int64
	for _, text := range monitorReference.FindAllString(m.Query, -1) {
		id, _ := strconv.ParseInt(text, 10, 64) // What is too long for an id is nobody's.
		ids = append(ids, id)
	}
	return ids
}

// strangers says what is wrong with a composite monitor's query, in Datadog's words.
func (m *monitors) strangers(candidate Monitor) string {
	parts := candidate.parts()
	unknown := func(id int64) bool { _, exists := m.byID[id]; return !exists }
	if candidate.Type == "composite" && (len(parts) == 0 || slices.ContainsFunc(parts, unknown)) {
		return "Some monitor IDs are invalid"
	}
	return ""
}

// usedBy says which composite monitor is made of a monitor, which Datadog does not
// delete then (https://docs.datadoghq.com/api/latest/monitors/#delete-a-monitor).
func (m *monitors) usedBy(found Monitor) string {
	for _, other := range m.byID {
		if slices.Contains(other.parts(), found.ID) {
			return fmt.Sprintf("monitor [%d,%s] is referenced in composite monitors: [%d,%s]", found.ID, found.Name, other.ID, other.Name)
		}
	}
	return ""
}

// Monitors returns all monitors by id, without what only those see who ask for it.
func (s *Server) Monitors() []Monitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Monitor
	for _, one := range s.monitors.byID {
		all = append(all, monitorView{}.of(one))
	}
	slices.SortFunc(all, func(a, b Monitor) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
