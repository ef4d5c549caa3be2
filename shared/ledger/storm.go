package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// WindowLength is the span in which alerts of one source are counted.
const WindowLength = time.Minute

// Window names the alerts of one source, such as a monitor, in one window.
type Window struct {
	Source string
	Start  time.Time // of the window
}

// WindowAt returns the window that an alert of the source belongs to when it comes
// at t.
func WindowAt(source string, t time.Time) Window {
	return Window{Source: source, Start: t.Truncate(WindowLength)}
}

// Key names the window among all others.
func (g Window) Key() string { return g.Source + "#" + strconv.FormatInt(g.Start.Unix(), 10) }

// Occurrence is one alert of a window.
type Occurrence struct {
	Key        string    // the alert's
	Group      string    // what it is about: the alert's scope
	Transition string    // Datadog's word, such as "Triggered"; may be empty
	At         time.Time // when it happened; zero means now
}

// Suppressed is what is known of the alerts that a window holds back. The first MaxListed
// of them are listed: each is in Count once, however often it is delivered. The
// others are only counted: one that comes twice counts twice, and so does one
// whose count was written while the answer got lost.
type Suppressed struct {
	Count       int
	Groups      []string // of those that are listed, sorted
	MoreGroups  bool     // There may be others than those.
	Transitions []string // sorted, without the empty one
	First, Last time.Time
	// SummaryQueued is true once somebody has seen to it that a summary follows.
	SummaryQueued bool
}

// Decision says whether an alert gets its own event, and of one that does not, whether
// the summary that counts it is queued.
type Decision struct{ Allowed, SummaryQueued bool }

// A window is two items, because DynamoDB charges a write by the size of the whole
// item, also when it refuses the write, and takes 1,000 such units a second in a
// partition:
//   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
//   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
//
// The window's own item has the marks of the alerts that passed, and counts those
// that are not listed. It weighs less than 1 KB with a limit of up to 60, and then
// each alert that is held back takes two units of its partition: of one monitor
// DynamoDB takes 500 a second. The list grows with each alert. It has an id of its
// own, and so most likely another partition.
//
// An older version kept the list in the window's own item, under the same names. As
// both items are read for all of them, this version's summary of a window that the
// older one began misses nothing. An alert that passed there and comes again here
// is new, and the older version's summary lacks what this one counted: that may
// happen in the minutes of a deployment.
const (
	// MaxListed bounds the list. An alert adds some 100 bytes to it, so filling it
	// takes some 500 units, and not more than a partition takes in one second.
	MaxListed = 100
	// maxGroupBytes is what is kept of a group, for people to read. It keeps the
	// list below 32 KB whatever the alerts say of themselves.
	maxGroupBytes = 200
	// maxTransitions keeps hand-made payloads from filling the window's own item. Those
	// that come at once may add one each. Datadog has nine transitions.
	maxTransitions = 16
)

// stormTTL keeps a window for as long as its summary may be under way.
const stormTTL = DefaultTTL

// These let an alert in that is in already, and as many others as there is room
// for: an alert that is delivered twice is counted once.
const (
	allowCondition = "contains(passed, :mark) OR attribute_not_exists(passed) OR size(passed) < :room"
	listCondition  = "contains(held, :mark) OR attribute_not_exists(held) OR size(held) < :room"
)

// Allow reports whether the alert is among the first limit alerts of the window.
// One that is not is held back, and counted. That takes two writes, and a third
// when the list is found full. Of Suppressed it tells no more than SummaryQueued.
//
// An alert that is over the limit and cannot be counted is not admitted, and Allow
// returns SummaryQueued as well as the error.
func (d *DynamoDB) Allow(ctx context.Context, g Window, limit int, a Occurrence) (Decision, error) {
	_, err := d.note(ctx, stormPrefix, g, &dynamodb.UpdateItemInput{
		UpdateExpression:                    aws.String("SET expires_at = :expires ADD passed :marks"),
		ConditionExpression:                 aws.String(allowCondition),
		ExpressionAttributeValues:           a.values(limit),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	refused, full := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !full {
		return Decision{Allowed: err == nil}, err
	}
	return Decision{SummaryQueued: readSuppressed(refused.Item).SummaryQueued}, d.hold(ctx, g, refused.Item, a)
}

// hold lists an alert that is held back, or counts it when the list is full, and
// also when the list fails: a summary with fewer groups beats one that is wrong
// about how many. window is the window's own item.
func (d *DynamoDB) hold(ctx context.Context, g Window, window item, a Occurrence) error {
	if _, listIsFull := window["overflow"]; !listIsFull && d.list(ctx, g, a) == nil {
		return nil
	}
	return d.count(ctx, g, window, a)
}

// list adds an alert to the list. It is an error that the list is full.
func (d *DynamoDB) list(ctx context.Context, g Window, a Occurrence) error {
	values := a.values(MaxListed)
	values[":groups"], values[":times"] = set(a.group()), set(a.time(d.options.Now()))
	change := "SET expires_at = :expires ADD held :marks, groups :groups, times :times"
	if a.Transition != "" {
		values[":transitions"] = set(a.transition())
		change += ", transitions :transitions"
	}
	_, err := d.note(ctx, listPrefix, g, &dynamodb.UpdateItemInput{
		UpdateExpression: &change, ConditionExpression: aws.String(listCondition), ExpressionAttributeValues: values,
	})
	return err
}

// count counts an alert that is not listed, and so tells whoever comes next to
// leave the list alone. Of two alerts at once one may overwrite the time of
// the other, which a later one makes good.
func (d *DynamoDB) count(ctx context.Context, g Window, window item, a Occurrence) error {
	times := ends(append(members(window["times"]), a.time(d.options.Now())))
	values := item{":one": number(1), ":times": set(times...)}
	change := "SET expires_at = :expires, times = :times ADD overflow :one"
	if a.Transition != "" && len(members(window["transitions"])) < maxTransitions {
		values[":transitions"] = set(a.transition())
		change += ", transitions :transitions"
	}
	_, err := d.note(ctx, stormPrefix, g, &dynamodb.UpdateItemInput{UpdateExpression: &change, ExpressionAttributeValues: values})
	return err
}

// MarkSummaryQueued notes that a summary of the window follows.
func (d *DynamoDB) MarkSummaryQueued(ctx context.Context, g Window) error {
	_, err := d.note(ctx, stormPrefix, g, &dynamodb.UpdateItemInput{
		UpdateExpression:          aws.String("SET expires_at = :expires, announced = :yes"),
		ExpressionAttributeValues: item{":yes": &types.AttributeValueMemberBOOL{Value: true}},
	})
	return err
}

// Suppressed returns what a window held back. It reads by writing, because the roles of
// the functions that ask may write and not read.
func (d *DynamoDB) Suppressed(ctx context.Context, g Window) (Suppressed, error) {
	var items []item
	for _, prefix := range []string{stormPrefix, listPrefix} {
		found, err := d.note(ctx, prefix, g, &dynamodb.UpdateItemInput{
			UpdateExpression:          aws.String("SET expires_at = :expires"),
			ExpressionAttributeValues: item{},
			ReturnValues:              types.ReturnValueAllNew,
		})
		if err != nil {
			return Suppressed{}, err
		}
		items = append(items, found)
	}
	return readSuppressed(items...), nil
}

// note makes a change to one item of a window, which also says when that expires.
func (d *DynamoDB) note(ctx context.Context, prefix string, g Window, change *dynamodb.UpdateItemInput) (item, error) {
	id, err := recordID(prefix, g.Key())
	if err != nil {
		return nil, err
	}
	change.TableName, change.Key = &d.table, item{attrID: text(id)}
	change.ExpressionAttributeValues[":expires"] = number(d.options.Now().Add(stormTTL).Unix())
	out, err := d.client.UpdateItem(ctx, change)
	if err != nil {
		return nil, d.failed("UpdateItem", err)
	}
	return out.Attributes, nil
}

// values are those of allowCondition and listCondition, and the set to add.
func (a Occurrence) values(room int) item {
	return item{":mark": text(a.mark()), ":marks": set(a.mark()), ":room": number(int64(room))}
}

// mark stands for the alert in a set. It is 48 bits of a digest, of which two of
// 1,000 alerts are the same once in half a billion windows.
func (a Occurrence) mark() string {
	sum := sha256.Sum256([]byte(a.Key))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// group is never empty, because a DynamoDB set holds no empty text.
func (a Occurrence) group() string {
	if a.Group == "" {
		return "*"
	}
	return cut(a.Group, maxGroupBytes)
}

func (a Occurrence) transition() string { return cut(a.Transition, maxTransitionBytes) }

func (a Occurrence) time(now time.Time) string {
	if a.At.IsZero() {
		a.At = now
	}
	return a.At.UTC().Format(time.RFC3339)
}

// readSuppressed reads a window off its items.
func readSuppressed(items ...item) Suppressed {
	var h Suppressed
	var times []string
	for _, i := range items {
		h.Count += len(members(i["held"]))
		h.Groups = append(h.Groups, members(i["groups"])...)
		h.Transitions = append(h.Transitions, members(i["transitions"])...)
		times = append(times, members(i["times"])...)
		if overflow, err := readNumber(i, "overflow"); err == nil {
			h.Count += int(overflow)
			h.MoreGroups = true
		}
		if announced, ok := i["announced"].(*types.AttributeValueMemberBOOL); ok {
			h.SummaryQueued = announced.Value
		}
	}
	h.Groups, h.Transitions = sorted(h.Groups), sorted(h.Transitions)
	h.First, h.Last = span(times)
	return h
}

// sorted returns each member once.
func sorted(members []string) []string {
	slices.Sort(members)
	return slices.Compact(members)
}

// ends returns the first and the last of the times, or the one that is both.
func ends(times []string) []string {
	return slices.Compact([]string{slices.Min(times), slices.Max(times)})
}

func span(times []string) (first, last time.Time) {
	if len(times) == 0 {
		return first, last
	}
	first, _ = time.Parse(time.RFC3339, slices.Min(times))
	last, _ = time.Parse(time.RFC3339, slices.Max(times))
	return first, last
}

func set(members ...string) types.AttributeValue {
	return &types.AttributeValueMemberSS{Value: members}
}

func members(v types.AttributeValue) []string {
	s, ok := v.(*types.AttributeValueMemberSS)
	if !ok {
		return nil
	}
	return s.Value
}

// memoryWindow is a window in memory.
type memoryWindow struct {
	passed, held, groups, transitions map[string]bool
	times                             []string // the ends
	overflow                          int
	announced                         bool
}

// Allow is as DynamoDB's.
func (m *Memory) Allow(ctx context.Context, g Window, limit int, a Occurrence) (Decision, error) {
	window, unlock, err := m.window(ctx, g)
	if err != nil {
		return Decision{}, err
	}
	defer unlock()
	if window.passed[a.mark()] || len(window.passed) < limit {
		window.passed[a.mark()] = true
		return Decision{Allowed: true}, nil
	}
	window.hold(a, a.time(m.options.Now()))
	return Decision{SummaryQueued: window.announced}, nil
}

func (g *memoryWindow) hold(a Occurrence, at string) {
	g.times = ends(append(g.times, at))
	if a.Transition != "" {
		g.transitions[a.transition()] = true
	}
	if g.overflow > 0 || len(g.held) >= MaxListed && !g.held[a.mark()] {
		g.overflow++
		return
	}
	g.held[a.mark()], g.groups[a.group()] = true, true
}

// MarkSummaryQueued is as DynamoDB's.
func (m *Memory) MarkSummaryQueued(ctx context.Context, g Window) error {
	window, unlock, err := m.window(ctx, g)
	if err != nil {
		return err
	}
	defer unlock()
	window.announced = true
	return nil
}

// Suppressed is as DynamoDB's.
func (m *Memory) Suppressed(ctx context.Context, g Window) (Suppressed, error) {
	window, unlock, err := m.window(ctx, g)
	if err != nil {
		return Suppressed{}, err
	}
	defer unlock()
	h := Suppressed{
		Count: len(window.held) + window.overflow, MoreGroups: window.overflow > 0, SummaryQueued: window.announced,
		Groups: slices.Sorted(maps.Keys(window.groups)), Transitions: slices.Sorted(maps.Keys(window.transitions)),
	}
	h.First, h.Last = span(window.times)
	return h, nil
}

func (m *Memory) window(ctx context.Context, g Window) (*memoryWindow, func(), error) {
	id, unlock, err := m.open(ctx, stormPrefix, g.Key())
	if err != nil {
		return nil, nil, err
	}
	window := m.table.windows[id]
	if window == nil {
		window = &memoryWindow{passed: map[string]bool{}, held: map[string]bool{}, groups: map[string]bool{}, transitions: map[string]bool{}}
		m.table.windows[id] = window
	}
	return window, unlock, nil
}
