package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/event"
)

// WindowLength is the time in which the alerts of one source are counted.
const WindowLength = time.Minute

// Window names the alerts of one source, such as a monitor, in one minute.
type Window struct {
	Source string
	Start  time.Time
}

// WindowAt returns the window of a source at t.
func WindowAt(source string, t time.Time) Window {
	return Window{Source: source, Start: t.Truncate(WindowLength)}
}

// Key names the window among all others.
func (w Window) Key() string { return w.Source + "#" + strconv.FormatInt(w.Start.Unix(), 10) }

// Occurrence is one alert of a window.
type Occurrence struct {
	Key        string    // the alert's idempotency key
	Group      string    // the alert's scope
	Transition string    // such as "Triggered"; may be empty
	At         time.Time // when it happened; zero means now
}

// Decision says whether an alert gets its own event, and of one that does not, whether the
// summary that counts it is queued.
type Decision struct{ Allowed, SummaryQueued bool }

// A window is two items, because DynamoDB charges a write by the size of the whole item,
// also a refused one, and a partition takes 1,000 such units a second:
//   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
//   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
//
// The window's own item has the marks of the allowed alerts, and counts those that are not
// listed. With a limit of up to 60 it has less than 1 KB, and each suppressed alert takes
// two units: DynamoDB takes 500 a second of one monitor. The list grows with each alert.
// It has an id of its own, and so most likely another partition.
//
// An older version kept the list in the window's own item, under the same names. Both
// items are read for all of them, so a summary during a deployment misses nothing that the
// older version listed.
const (
	// MaxListed bounds the list. An alert adds some 100 bytes, so filling the list takes
	// some 500 units.
	MaxListed = 100
	// maxGroupBytes keeps the list below 32 KB.
	maxGroupBytes = 200
	// maxTransitions keeps hand-made payloads from filling the window's own item. Datadog
	// has nine transitions.
	maxTransitions = 16
)

// These match an alert that is in the set already, and others while there is room.
const (
	allowCondition = "contains(passed, :mark) OR attribute_not_exists(passed) OR size(passed) < :room"
	listCondition  = "contains(held, :mark) OR attribute_not_exists(held) OR size(held) < :room"
)

// Allow allows the first limit alerts of the window, and counts the others. That takes two
// writes, and a third if the list is full. An alert above the limit that cannot be counted
// has SummaryQueued as well as the error.
func (l *Ledger) Allow(ctx context.Context, w Window, limit int, o Occurrence) (Decision, error) {
	own, isFull, err := l.admit(ctx, w, limit, o)
	if err != nil || !isFull {
		return Decision{Allowed: err == nil}, err
	}
	_, summaryQueued := own["announced"]
	return Decision{SummaryQueued: summaryQueued}, l.suppress(ctx, w, own, o)
}

// IsFull reports whether a window has no room for a key, and else adds it. That takes one write.
// It counts nothing above the limit.
func (l *Ledger) IsFull(ctx context.Context, w Window, limit int, key string) (bool, error) {
	_, isFull, err := l.admit(ctx, w, limit, Occurrence{Key: key})
	return isFull, err
}

// admit adds an alert to the window's first, or returns the window's own item if it is full.
func (l *Ledger) admit(ctx context.Context, w Window, limit int, o Occurrence) (own item, isFull bool, err error) {
	return l.updateWindow(ctx, stormPrefix, w, &dynamodb.UpdateItemInput{
		UpdateExpression:                    aws.String("SET expires_at = :expires ADD passed :marks"),
		ConditionExpression:                 aws.String(allowCondition),
		ExpressionAttributeValues:           o.values(limit),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
}

// suppress lists an alert, or counts it if the list is full or fails: a summary with fewer
// groups is better than one with a wrong count. own is the window's own item.
func (l *Ledger) suppress(ctx context.Context, w Window, own item, o Occurrence) error {
	if _, listIsFull := own["overflow"]; !listIsFull && l.list(ctx, w, o) {
		return nil
	}
	return l.count(ctx, w, own, o)
}

// list adds an alert to the list, unless that is full or fails.
func (l *Ledger) list(ctx context.Context, w Window, o Occurrence) bool {
	values := o.values(MaxListed)
	values[":groups"], values[":times"] = set(o.group()), set(o.time(l.now()))
	change := "SET expires_at = :expires ADD held :marks, groups :groups, times :times"
	if o.Transition != "" {
		values[":transitions"] = set(o.transition())
		change += ", transitions :transitions"
	}
	_, isFull, err := l.updateWindow(ctx, listPrefix, w, &dynamodb.UpdateItemInput{
		UpdateExpression: &change, ConditionExpression: aws.String(listCondition), ExpressionAttributeValues: values,
	})
	return err == nil && !isFull
}

// count counts an alert that is not listed, so that the next one skips the list. Of two
// alerts at once one may overwrite the other's time.
func (l *Ledger) count(ctx context.Context, w Window, own item, o Occurrence) error {
	times := append(readSet(own, "times"), o.time(l.now()))
	values := item{":one": number(1), ":times": set(slices.Compact([]string{slices.Min(times), slices.Max(times)})...)}
	change := "SET expires_at = :expires, times = :times ADD overflow :one"
	if o.Transition != "" && len(readSet(own, "transitions")) < maxTransitions {
		values[":transitions"] = set(o.transition())
		change += ", transitions :transitions"
	}
	_, _, err := l.updateWindow(ctx, stormPrefix, w, &dynamodb.UpdateItemInput{UpdateExpression: &change, ExpressionAttributeValues: values})
	return err
}

// MarkSummaryQueued records that a summary of the window follows.
func (l *Ledger) MarkSummaryQueued(ctx context.Context, w Window) error {
	_, _, err := l.updateWindow(ctx, stormPrefix, w, &dynamodb.UpdateItemInput{
		UpdateExpression:          aws.String("SET expires_at = :expires, announced = :yes"),
		ExpressionAttributeValues: item{":yes": &types.AttributeValueMemberBOOL{Value: true}},
	})
	return err
}

// Suppressed returns what a window suppressed. Each listed alert counts once. The others
// are only counted: a repeated delivery counts twice, and their groups are unknown. It
// reads by writing, because the roles of the functions may write and not read.
func (l *Ledger) Suppressed(ctx context.Context, w Window) (event.Suppressed, error) {
	var items []item
	for _, prefix := range []string{stormPrefix, listPrefix} {
		found, _, err := l.updateWindow(ctx, prefix, w, &dynamodb.UpdateItemInput{
			UpdateExpression:          aws.String("SET expires_at = :expires"),
			ExpressionAttributeValues: item{},
			ReturnValues:              types.ReturnValueAllNew,
		})
		if err != nil {
			return event.Suppressed{}, err
		}
		items = append(items, found)
	}
	return readSuppressed(items...), nil
}

// updateWindow changes one item of a window. The item stays while the window's summary may
// be in the queue.
func (l *Ledger) updateWindow(ctx context.Context, prefix string, w Window, in *dynamodb.UpdateItemInput) (found item, isRefused bool, err error) {
	in.ExpressionAttributeValues[":expires"] = l.expiry(TTL)
	return l.update(ctx, prefix, w.Key(), in)
}

// values are those of allowCondition and listCondition, and the set to add.
func (o Occurrence) values(room int) item {
	return item{":mark": text(o.mark()), ":marks": set(o.mark()), ":room": number(int64(room))}
}

// mark stands for the alert in a set: 48 bits of a hash, of which two of 1,000 alerts are
// the same once in half a billion windows.
func (o Occurrence) mark() string {
	sum := sha256.Sum256([]byte(o.Key))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// group is never empty: a DynamoDB set holds no empty string.
func (o Occurrence) group() string {
	if o.Group == "" {
		return "*"
	}
	return truncate(o.Group, maxGroupBytes)
}

func (o Occurrence) transition() string { return truncate(o.Transition, maxTransitionBytes) }

func (o Occurrence) time(now time.Time) string {
	if o.At.IsZero() {
		o.At = now
	}
	return o.At.UTC().Format(time.RFC3339)
}

func readSuppressed(items ...item) event.Suppressed {
	var s event.Suppressed
	var times []string
	for _, i := range items {
		s.Count += len(readSet(i, "held"))
		s.Groups = append(s.Groups, readSet(i, "groups")...)
		s.Transitions = append(s.Transitions, readSet(i, "transitions")...)
		times = append(times, readSet(i, "times")...)
		if overflow, err := readNumber(i, "overflow"); err == nil {
			s.Count += int(overflow)
			s.MoreGroups = true
		}
	}
	slices.Sort(s.Groups)
	slices.Sort(s.Transitions)
	s.Groups, s.Transitions = slices.Compact(s.Groups), slices.Compact(s.Transitions)
	if len(times) > 0 {
		s.First, _ = time.Parse(time.RFC3339, slices.Min(times))
		s.Last, _ = time.Parse(time.RFC3339, slices.Max(times))
	}
	return s
}
