package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/alert"
)

// Notification is one notification of an alert cycle. Its ID tells a repeated delivery;
// without one, At and Transition do.
type Notification struct {
	At         time.Time // when it happened; zero means now
	Transition string
	ID         string
}

// Cycle is what the ledger knows of an alert cycle. Notified counts each notification
// once, the latest one included, in any order. First and last are by the
// time of happening.
type Cycle struct {
	FirstSeen, LastSeen time.Time
	Notified            int
}

// A cycle is a set of notifications that only grows, so neither order nor repetition
// matters, and one unconditional write is enough.
//
// A monitor that renotifies for weeks would reach DynamoDB's 400 KB, and a write costs by
// the item's size. So once the set holds maxEntries, the oldest are folded into a count
// and a first time. Folding forgets ids: a copy that arrives more than keptIDs
// notifications late counts twice.
const (
	maxEntries = 64
	keptIDs    = 32
)

// Datadog's ids have 19 digits. Longer ones come from hand-made payloads.
const (
	maxIDBytes         = 64
	maxTransitionBytes = 64
)

// AddNotification adds a notification to its cycle and returns the cycle. Adding one again
// changes nothing.
func (l *Ledger) AddNotification(ctx context.Context, cycleKey string, n Notification) (Cycle, error) {
	found, _, err := l.update(ctx, cyclePrefix, cycleKey, &dynamodb.UpdateItemInput{
		UpdateExpression:          aws.String("SET expires_at = :expires ADD seen :seen"),
		ExpressionAttributeValues: item{":expires": l.expiry(CycleTTL), ":seen": set(newEntry(n, l.now()).String())},
		ReturnValues:              types.ReturnValueAllNew,
	})
	if err != nil {
		return Cycle{}, err
	}
	c, err := readCycle(found)
	if err != nil {
		return Cycle{}, l.failed("UpdateItem", err)
	}
	l.fold(ctx, cycleKey, c)
	return c.summary(), nil
}

// ReadCycle returns a cycle, and its notifications after n in order. A recovery at the time of
// n is after it. An unknown cycle is zero.
func (l *Ledger) ReadCycle(ctx context.Context, cycleKey string, n Notification) (Cycle, []Notification, error) {
	found, err := l.read(ctx, cyclePrefix, cycleKey)
	if err != nil || len(found) == 0 {
		return Cycle{}, nil, err
	}
	c, err := readCycle(found)
	if err != nil {
		return Cycle{}, nil, l.failed("GetItem", err)
	}
	return c.summary(), c.since(newEntry(n, l.now())), nil
}

// fold shortens a long cycle. The condition lets one of several runs do it. A failure is
// ignored, because the next notification folds instead.
func (l *Ledger) fold(ctx context.Context, cycleKey string, c cycle) {
	dropped, folded, firstSeen := c.fold()
	if len(dropped) == 0 {
		return
	}
	_, _, _ = l.update(ctx, cyclePrefix, cycleKey, &dynamodb.UpdateItemInput{
		UpdateExpression:    aws.String("SET folded = :folded, first_seen = :first DELETE seen :dropped"),
		ConditionExpression: aws.String("folded = :known OR (attribute_not_exists(folded) AND :known = :none)"),
		ExpressionAttributeValues: item{
			":folded":  number(int64(folded)),
			":first":   number(firstSeen),
			":dropped": set(dropped...),
			":known":   number(int64(c.folded)),
			":none":    number(0),
		},
	})
}

// entry is a notification as the set holds it.
type entry struct {
	At         int64  `json:"at"` // epoch milliseconds
	ID         string `json:"id"`
	Transition string `json:"transition"`
}

func newEntry(n Notification, now time.Time) entry {
	if n.At.IsZero() {
		n.At = now
	}
	e := entry{At: n.At.UnixMilli(), ID: hashKey(n.ID, maxIDBytes), Transition: truncate(n.Transition, maxTransitionBytes)}
	if e.ID == "" {
		e.ID = strconv.FormatInt(e.At, 10) + " " + e.Transition
	}
	return e
}

// String is the entry as a member of the string set.
func (e entry) String() string {
	member, _ := json.Marshal(e) // Strings and a number always marshal.
	return string(member)
}

// compareEntries orders by time. Two runs that fold one cycle agree on what they drop.
func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.ID, b.ID))
}

type cycle struct {
	seen      []string // entries, as strings
	folded    int      // how many notifications were folded
	firstSeen int64    // the earliest of those, epoch milliseconds
}

func readCycle(i item) (cycle, error) {
	c := cycle{seen: readSet(i, attrSeen)}
	if len(c.seen) == 0 {
		return cycle{}, unreadable("%s is not a set of strings", attrSeen)
	}
	if _, ok := i[attrFolded]; !ok {
		return c, nil
	}
	folded, err := readNumber(i, attrFolded)
	if err != nil {
		return cycle{}, err
	}
	c.folded = int(folded)
	c.firstSeen, err = readNumber(i, attrFirstSeen)
	return c, err
}

// notifications returns the entries in order, each id once. A copy may have a later time
// than its original (a payload without $DATE gets the time of its arrival).
func (c cycle) notifications() []entry {
	byID := make(map[string]entry, len(c.seen))
	for _, member := range c.seen {
		var e entry
		if json.Unmarshal([]byte(member), &e) != nil {
			continue // Not ours. fold leaves it alone too.
		}
		if known, ok := byID[e.ID]; !ok || e.At < known.At {
			byID[e.ID] = e
		}
	}
	return slices.SortedFunc(maps.Values(byID), compareEntries)
}

func (c cycle) summary() Cycle {
	list := c.notifications()
	if len(list) == 0 {
		return Cycle{}
	}
	return Cycle{
		FirstSeen: time.UnixMilli(c.earliest(list[0])).UTC(),
		LastSeen:  time.UnixMilli(list[len(list)-1].At).UTC(),
		Notified:  c.folded + len(list),
	}
}

// since returns the notifications after one, which the set may know by another time.
func (c cycle) since(one entry) (later []Notification) {
	list := c.notifications()
	if i := slices.IndexFunc(list, func(e entry) bool { return e.ID == one.ID }); i >= 0 {
		one = list[i]
	}
	for _, e := range list {
		isRecoveryThen := e.At == one.At && e.ID != one.ID && alert.Transition(e.Transition).IsRecovery()
		if compareEntries(e, one) > 0 || isRecoveryThen {
			later = append(later, Notification{At: time.UnixMilli(e.At).UTC(), Transition: e.Transition, ID: e.ID})
		}
	}
	return later
}

func (c cycle) earliest(e entry) int64 {
	if c.folded > 0 {
		return min(c.firstSeen, e.At)
	}
	return e.At
}

// fold returns the entries to drop, and the count and first time without them. It drops
// nothing while the set is small.
func (c cycle) fold() (dropped []string, folded int, firstSeen int64) {
	list := c.notifications()
	if len(c.seen) < maxEntries || len(list) == 0 {
		return nil, c.folded, c.firstSeen
	}
	kept := list[max(0, len(list)-keptIDs):]
	for _, member := range c.seen {
		var e entry
		if json.Unmarshal([]byte(member), &e) == nil && !slices.Contains(kept, e) {
			dropped = append(dropped, member)
		}
	}
	return dropped, c.folded + len(list) - len(kept), c.earliest(list[0])
}

// truncate returns at most limit bytes of s, in whole characters.
func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
