package ledger

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Window is the span in which alerts of one source are counted.
const Window = time.Minute

// Gust names the alerts of one source, such as a monitor, in one window.
type Gust struct {
	Source string
	Start  time.Time // of the window
}

// GustAt returns the gust that an alert of the source belongs to when it comes
// at t.
func GustAt(source string, t time.Time) Gust { return Gust{Source: source, Start: t.Truncate(Window)} }

// Key names the gust among all others.
func (g Gust) Key() string { return g.Source + "#" + strconv.FormatInt(g.Start.Unix(), 10) }

// Arrival is one alert of a gust.
type Arrival struct {
	Key   string    // the alert's
	Group string    // what it is about: the alert's scope
	At    time.Time // when it happened
}

// Held is what is known of the alerts that a gust holds back. Every one of them
// is in Count once, however often it is delivered.
type Held struct {
	Count       int
	Groups      []string // sorted
	First, Last time.Time
	// Announced is true once somebody has seen to it that a summary follows.
	Announced bool
}

// stormTTL keeps a gust for as long as its summary may be under way.
const stormTTL = DefaultTTL

// admitCondition lets an alert pass that passed before, and as many others as
// the limit allows: an alert that is delivered twice is counted once.
const admitCondition = "contains(passed, :alert) OR attribute_not_exists(passed) OR size(passed) < :limit"

// Admit reports whether the alert is among the first limit alerts of the gust.
// One that is not is held back, and counted.
func (d *DynamoDB) Admit(ctx context.Context, g Gust, limit int, a Arrival) (bool, Held, error) {
	key, err := d.gustKey(g)
	if err != nil {
		return false, Held{}, err
	}
	expires := number(d.options.Now().Add(stormTTL).Unix())
	_, err = d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.table, Key: key,
		UpdateExpression:    aws.String("SET expires_at = :expires ADD passed :alerts"),
		ConditionExpression: aws.String(admitCondition),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":expires": expires, ":alert": text(a.Key), ":alerts": set(a.Key), ":limit": number(int64(limit)),
		},
	})
	if err == nil {
		return true, Held{}, nil
	}
	if _, full := errors.AsType[*types.ConditionalCheckFailedException](err); !full {
		return false, Held{}, d.failed("UpdateItem", err)
	}
	out, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.table, Key: key,
		UpdateExpression: aws.String("SET expires_at = :expires ADD held :alerts, groups :groups, times :times"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":expires": expires, ":alerts": set(a.Key), ":groups": set(a.group()), ":times": set(a.time(d.options.Now())),
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return false, Held{}, d.failed("UpdateItem", err)
	}
	return false, readHeld(out.Attributes), nil
}

// Announce notes that a summary of the gust follows.
func (d *DynamoDB) Announce(ctx context.Context, g Gust) error {
	_, err := d.note(ctx, g, "SET announced = :yes", map[string]types.AttributeValue{":yes": &types.AttributeValueMemberBOOL{Value: true}})
	return err
}

// Held returns what a gust held back.
func (d *DynamoDB) Held(ctx context.Context, g Gust) (Held, error) {
	return d.note(ctx, g, "SET expires_at = :expires", map[string]types.AttributeValue{":expires": number(d.options.Now().Add(stormTTL).Unix())})
}

// note changes a gust and returns what it is then.
func (d *DynamoDB) note(ctx context.Context, g Gust, change string, values map[string]types.AttributeValue) (Held, error) {
	key, err := d.gustKey(g)
	if err != nil {
		return Held{}, err
	}
	out, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.table, Key: key,
		UpdateExpression: &change, ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return Held{}, d.failed("UpdateItem", err)
	}
	return readHeld(out.Attributes), nil
}

func (d *DynamoDB) gustKey(g Gust) (map[string]types.AttributeValue, error) {
	id, err := recordID(stormPrefix, g.Key())
	return map[string]types.AttributeValue{attrID: text(id)}, err
}

// group is never empty, because a DynamoDB set holds no empty text.
func (a Arrival) group() string {
	if a.Group == "" {
		return "*"
	}
	return shorten(a.Group, maxKeyBytes)
}

func (a Arrival) time(now time.Time) string {
	if a.At.IsZero() {
		a.At = now
	}
	return a.At.UTC().Format(time.RFC3339)
}

func readHeld(item map[string]types.AttributeValue) Held {
	h := Held{Count: len(members(item["held"])), Groups: members(item["groups"])}
	slices.Sort(h.Groups)
	h.First, h.Last = span(members(item["times"]))
	announced, _ := item["announced"].(*types.AttributeValueMemberBOOL)
	h.Announced = announced != nil && announced.Value
	return h
}

// span returns the first and the last of the times.
func span(times []string) (first, last time.Time) {
	if len(times) == 0 {
		return first, last
	}
	slices.Sort(times)
	first, _ = time.Parse(time.RFC3339, times[0])
	last, _ = time.Parse(time.RFC3339, times[len(times)-1])
	return first, last
}

func set(member string) types.AttributeValue {
	return &types.AttributeValueMemberSS{Value: []string{member}}
}

func members(v types.AttributeValue) []string {
	s, ok := v.(*types.AttributeValueMemberSS)
	if !ok {
		return nil
	}
	return s.Value
}

// memoryGust is a gust in memory.
type memoryGust struct {
	passed, held, groups, times map[string]bool
	announced                   bool
}

// Admit is as DynamoDB's.
func (m *Memory) Admit(ctx context.Context, g Gust, limit int, a Arrival) (bool, Held, error) {
	gust, unlock, err := m.gust(ctx, g)
	if err != nil {
		return false, Held{}, err
	}
	defer unlock()
	if gust.passed[a.Key] || len(gust.passed) < limit {
		gust.passed[a.Key] = true
		return true, Held{}, nil
	}
	gust.held[a.Key], gust.groups[a.group()], gust.times[a.time(m.options.Now())] = true, true, true
	return false, gust.view(), nil
}

// Announce is as DynamoDB's.
func (m *Memory) Announce(ctx context.Context, g Gust) error {
	gust, unlock, err := m.gust(ctx, g)
	if err != nil {
		return err
	}
	defer unlock()
	gust.announced = true
	return nil
}

// Held is as DynamoDB's.
func (m *Memory) Held(ctx context.Context, g Gust) (Held, error) {
	gust, unlock, err := m.gust(ctx, g)
	if err != nil {
		return Held{}, err
	}
	defer unlock()
	return gust.view(), nil
}

func (m *Memory) gust(ctx context.Context, g Gust) (*memoryGust, func(), error) {
	id, unlock, err := m.open(ctx, stormPrefix, g.Key())
	if err != nil {
		return nil, nil, err
	}
	gust := m.table.gusts[id]
	if gust == nil {
		gust = &memoryGust{passed: map[string]bool{}, held: map[string]bool{}, groups: map[string]bool{}, times: map[string]bool{}}
		m.table.gusts[id] = gust
	}
	return gust, unlock, nil
}

func (g *memoryGust) view() Held {
	h := Held{Count: len(g.held), Groups: sortedKeys(g.groups), Announced: g.announced}
	h.First, h.Last = span(sortedKeys(g.times))
	return h
}

func sortedKeys(set map[string]bool) []string {
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
