package alert

import (
	"cmp"
	"slices"
	"time"
)

// RepeatWindow is how long after a delivery an equal one is a repetition, if nothing
// proves which event it is about. Datadog repeats a delivery within minutes.
const RepeatWindow = 5 * time.Minute

// Key is the idempotency key: the organization with the event's id if that is certain,
// or with the payload's digest. A delivery that Datadog repeats has the same key.
func (a Alert) Key() string {
	if a.Certain() {
		return a.OrgID + ":" + a.ID
	}
	return a.OrgID + ":sha256:" + a.Digest
}

// Certain reports whether the ID is the event's beyond doubt: Datadog's own link names
// it. Any other key holds for the RepeatWindow only, because a template may put the
// same value into all its payloads.
func (a Alert) Certain() bool { return a.Digest == "" }

// identify finds the event's id, and reports whether it is certain. A link of Datadog
// names the event for certain, unless the payload or another link names another one.
func (a *Alert) identify(links []link) (certain bool) {
	a.dropWrongMonitor(links)
	given := a.ID
	if given == a.CycleKey || given == a.AggregKey {
		given = ""
	}
	if given != "" && slices.ContainsFunc(links, func(l link) bool { return l.event == given }) {
		return true
	}
	own, certain := first(links, func(l link) string { return l.ifOwn(l.event) })
	other, only := first(links, func(l link) string { return l.event })
	switch {
	case own.event != "":
		a.ID = own.event
		a.guess("identity", own.source)
		return given == "" && certain
	case given != "":
		a.guess("identity", "id")
	case other.source == fromAddress, other.event != "" && only && a.guessedFrom("title", fromMessage):
		// A card's address comes first, and a chat's text has the template's links. In other
		// messages a person links other events.
		a.ID = other.event
		a.guess("identity", other.source)
		a.take("link", &a.Link, other.source, other.address)
	default:
		a.ID = ""
		a.guess("identity", "content")
	}
	return false
}

// dropWrongMonitor drops a monitor's id that is only a number under "id", if a link names
// another monitor or the number is another thing's id.
func (a *Alert) dropWrongMonitor(links []link) {
	if !a.guessedFrom("monitor", "id", "event_id") {
		return
	}
	linked := cmp.Or(monitorOf(links, fromLink), monitorOf(links, fromMessage), monitorOf(links, fromAddress), a.MonitorID)
	if linked != a.MonitorID || a.MonitorID == a.OrgID || a.MonitorID == a.Incident.PublicID {
		a.forget("monitor", &a.MonitorID)
	}
}

// IsFromBoomerang reports whether the alert is about an event of Boomerang: it has our
// tags, and nothing that only a monitor's notification has. Our tags alone prove
// nothing, because a tag's value may hold commas.
func (a Alert) IsFromBoomerang() bool {
	return a.Tags.Has(SourceTag) && a.Tags.Get("playbook") != "" && a.Tags.Get("enrichment") != "" && !a.isOfMonitor()
}

func (a Alert) isOfMonitor() bool {
	inField := func(name, value string) bool {
		return value != "" && !a.guessedFrom(name, fromTitle, fromMessage, fromLink, fromAddress, fromTags, fromWord)
	}
	return a.Tags.Has("monitor") || a.CycleKey+a.Query+a.Status != "" ||
		inField("monitor", a.MonitorID) || inField("state", string(a.Transition)) || inField("group", a.Scope)
}
