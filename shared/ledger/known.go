package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxBatch is how many items DynamoDB hands over in one call.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const maxBatch = 100

// errUnprocessed is a table that hands over none of the items it was asked for.
var errUnprocessed = errors.New("the table processed none of the keys, which is how it says that it is busy")

// FilterKnown returns which of the keys name an alert that has arrived: one that is
// posted, that a run works on within its time, or that waits in the queue (see
// MarkQueued). A record that is void counts for nothing: the run that left it is over,
// and no other need follow. The map holds true for those keys and no others.
func (d *DynamoDB) FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error) {
	byID, err := recordsOf(keys)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	now := d.options.Now()
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(byID)), maxBatch) {
		items, err := d.get(ctx, batch)
		if err != nil {
			return nil, d.failed("BatchGetItem", err)
		}
		for _, i := range items {
			if stands(i, now) {
				known[byID[readText(i, attrID)]] = true
			}
		}
	}
	return known, nil
}

// recordsOf returns, for each record that can make a key known, that key.
func recordsOf(keys []string) (map[string]string, error) {
	byID := make(map[string]string, 2*len(keys))
	for _, key := range keys {
		for _, prefix := range []string{alertPrefix, queuedPrefix} {
			id, err := recordID(prefix, key)
			if err != nil {
				return nil, err
			}
			byID[id] = key
		}
	}
	return byID, nil
}

// get returns those of the items that exist. DynamoDB may leave some for another
// call, when they are many or the table is busy; as long as it gets on, it is asked.
func (d *DynamoDB) get(ctx context.Context, ids []string) ([]item, error) {
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = item{attrID: text(id)}
	}
	var found []item
	for len(keys) > 0 {
		out, err := d.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			d.table: {Keys: keys, ConsistentRead: aws.Bool(true)},
		}})
		if err != nil {
			return nil, err
		}
		// One table was asked, by its name or by its ARN.
		for _, items := range out.Responses {
			found = append(found, items...)
		}
		var left []item
		for _, unprocessed := range out.UnprocessedKeys {
			left = append(left, unprocessed.Keys...)
		}
		if len(left) >= len(keys) {
			return nil, errUnprocessed
		}
		keys = left
	}
	return found, nil
}

// stands reports whether an item that FilterKnown asked for makes its key known. One
// that cannot be read does: whichever version wrote it had the alert in hand.
func stands(i item, now time.Time) bool {
	if strings.HasPrefix(readText(i, attrID), queuedPrefix) {
		expires, err := readNumber(i, attrExpiresAt)
		return err != nil || expires >= now.Unix()
	}
	r, err := readRecord(i)
	return err != nil || !r.void(now)
}

// MarkQueued notes that the alert waits in the queue. It makes the alert known (see
// FilterKnown) and leaves it to whoever claims it.
func (d *DynamoDB) MarkQueued(ctx context.Context, key string) error {
	id, err := recordID(queuedPrefix, key)
	if err != nil {
		return err
	}
	_, err = d.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.table, Item: item{
		attrID:        text(id),
		attrExpiresAt: number(d.options.Now().Add(d.options.TTL).Unix()),
	}})
	if err != nil {
		return d.failed("PutItem", err)
	}
	return nil
}

// FilterKnown is as DynamoDB's.
func (m *Memory) FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error) {
	known := map[string]bool{}
	for _, key := range keys {
		id, unlock, err := m.open(ctx, alertPrefix, key)
		if err != nil {
			return nil, err
		}
		now := m.options.Now()
		found, ok := m.table.records[id]
		if ok && !found.void(now) || m.table.parked[key] >= now.Unix() {
			known[key] = true
		}
		unlock()
	}
	return known, nil
}

// MarkQueued is as DynamoDB's.
func (m *Memory) MarkQueued(ctx context.Context, key string) error {
	_, unlock, err := m.open(ctx, queuedPrefix, key)
	if err != nil {
		return err
	}
	defer unlock()
	m.table.parked[key] = m.options.Now().Add(m.options.TTL).Unix()
	return nil
}
