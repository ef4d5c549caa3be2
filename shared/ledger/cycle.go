package ledger

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A cycle is a set of notifications that only grows, so it does not matter in
// which order they arrive or how often: adding one twice changes nothing, and
// first, last and count are read off the set. That is also why one unconditional
// write is enough.
//
// A set that only grows would reach DynamoDB's 400 KB on a monitor that
// renotifies for weeks, and every write is charged by the item's size. So once
// it holds maxEntries, the oldest are folded into a count and an earliest time.
// Folding forgets ids: a copy that arrives more than keptIDs notifications
// late counts a second time. It moves no first or last time.
const (
	maxEntries = 64
	keptIDs    = 32
)

// Datadog's ids have 19 digits and its transitions a few words. Longer ones come
// from hand-made payloads and must not fill the record.
const (
	maxIDBytes         = 64
	maxTransitionBytes = 64
)

// entry is one notification as the set holds it.
type entry struct {
	At         int64  `json:"at"` // epoch milliseconds
	ID         string `json:"id"`
	Transition string `json:"transition"`
}

func newEntry(s Notification, now time.Time) entry {
	if s.At.IsZero() {
		s.At = now
	}
	e := entry{At: s.At.UnixMilli(), ID: hashKey(s.ID, maxIDBytes), Transition: cut(s.Transition, maxTransitionBytes)}
	if e.ID == "" {
		e.ID = strconv.FormatInt(e.At, 10) + " " + e.Transition
	}
	return e
}

// String is the entry as a member of DynamoDB's string set: the same entry is
// always the same string.
func (e entry) String() string {
	member, _ := json.Marshal(e) // Two strings and a number always marshal.
	return string(member)
}

// later orders entries by time; of two at the same time the higher id, which
// Datadog gave out later, is the later one.
func later(a, b entry) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID))
}

// cycle is what the ledger holds about one alert cycle.
type cycle struct {
	entries   map[string]struct{} // as entry.String
	folded    int                 // how many notifications have left entries
	firstSeen int64               // the earliest of those, epoch milliseconds
}

// notifications returns the entries in order, each id once. A copy may carry a
// later time than the original (a payload without $DATE is given the time of its
// arrival), so the earliest entry of an id is the one that counts.
func (c cycle) notifications() []entry {
	byID := make(map[string]entry, len(c.entries))
	for member := range c.entries {
		var e entry
		if json.Unmarshal([]byte(member), &e) != nil {
			continue // Not ours; fold leaves it alone too.
		}
		if known, ok := byID[e.ID]; !ok || e.At < known.At {
			byID[e.ID] = e
		}
	}
	list := make([]entry, 0, len(byID))
	for _, e := range byID {
		list = append(list, e)
	}
	slices.SortFunc(list, later)
	return list
}

// summary reads the cycle off its entries.
func (c cycle) summary() Cycle {
	list := c.notifications()
	if len(list) == 0 {
		return Cycle{}
	}
	last := list[len(list)-1]
	return Cycle{
		FirstSeen:      time.UnixMilli(c.earliest(list[0])).UTC(),
		LastSeen:       time.UnixMilli(last.At).UTC(),
		LastTransition: last.Transition,
		Notified:       c.folded + len(list),
	}
}

func (c cycle) earliest(e entry) int64 {
	if c.folded > 0 {
		return min(c.firstSeen, e.At)
	}
	return e.At
}

// fold returns the entries to drop, and what the count and the first time are
// without them. It drops nothing while there is room.
func (c cycle) fold() (dropped []string, folded int, firstSeen int64) {
	list := c.notifications()
	if len(c.entries) < maxEntries || len(list) == 0 {
		return nil, c.folded, c.firstSeen
	}
	kept := list[max(0, len(list)-keptIDs):]
	for member := range c.entries {
		var e entry
		if json.Unmarshal([]byte(member), &e) == nil && !slices.Contains(kept, e) {
			dropped = append(dropped, member)
		}
	}
	slices.Sort(dropped)
	return dropped, c.folded + len(list) - len(kept), c.earliest(list[0])
}

// cut returns at most limit bytes of s, and no half character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
