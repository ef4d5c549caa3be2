package ledger

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxBatch is DynamoDB's limit for one BatchGetItem.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const maxBatch = 100

// FilterKnown returns which of the keys name an alert that has arrived: it is posted, in
// progress or queued. A claim that expired does not count: its run is over, and perhaps
// no other follows. The map holds only true.
func (l *Ledger) FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error) {
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
	known, now := map[string]bool{}, l.now()
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(byID)), maxBatch) {
		items, err := l.get(ctx, batch)
		if err != nil {
			return nil, l.failed("BatchGetItem", err)
		}
		for _, i := range items {
			if id := readText(i, attrID); isKnown(id, i, now) {
				known[byID[id]] = true
			}
		}
	}
	return known, nil
}

// get returns those of the items that exist. DynamoDB may leave some of them unprocessed
// if they are many or the table is busy.
func (l *Ledger) get(ctx context.Context, ids []string) ([]item, error) {
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = item{attrID: text(id)}
	}
	var found []item
	for len(keys) > 0 {
		out, err := l.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			l.table: {Keys: keys, ConsistentRead: aws.Bool(true)},
		}})
		if err != nil {
			return nil, err
		}
		// The answer has one table, under its name or its ARN.
		for _, items := range out.Responses {
			found = append(found, items...)
		}
		var rest []item
		for _, unprocessed := range out.UnprocessedKeys {
			rest = append(rest, unprocessed.Keys...)
		}
		if len(rest) >= len(keys) {
			return nil, errUnprocessed
		}
		keys = rest
	}
	return found, nil
}

// isKnown reports whether an item makes its key known. An unreadable one does: the
// version that wrote it had the alert.
func isKnown(id string, i item, now time.Time) bool {
	if strings.HasPrefix(id, queuedPrefix) {
		expires, err := readNumber(i, attrExpiresAt)
		return err != nil || expires >= now.Unix()
	}
	r, err := readRecord(i)
	return err != nil || !r.expired(now)
}

// MarkQueued makes the alert known (see FilterKnown) while it waits in the queue.
func (l *Ledger) MarkQueued(ctx context.Context, key string) error {
	_, _, err := l.put(ctx, queuedPrefix, key, &dynamodb.PutItemInput{Item: item{attrExpiresAt: l.expiry(TTL)}})
	return err
}

// Watermark returns how far the named reader has read, or zero.
func (l *Ledger) Watermark(ctx context.Context, name string) (time.Time, error) {
	found, err := l.read(ctx, watermarkPrefix, name)
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	at, err := readNumber(found, attrReadUntil)
	if err != nil {
		return time.Time{}, l.failed("GetItem", err)
	}
	return time.UnixMilli(at).UTC(), nil
}

// SetWatermark sets how far the named reader has read, to the millisecond. A watermark
// never expires, and may be set back.
func (l *Ledger) SetWatermark(ctx context.Context, name string, until time.Time) error {
	_, _, err := l.put(ctx, watermarkPrefix, name, &dynamodb.PutItemInput{Item: item{attrReadUntil: number(until.UnixMilli())}})
	return err
}
