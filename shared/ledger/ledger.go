// Package ledger records in a DynamoDB table what was done already: which alerts are
// posted or in progress, how each alert cycle went, what earlier cycles were, and how many
// alerts a storm has.
//
// The rules for claims are those of AWS's Powertools for idempotency
// (https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/): a claim
// is granted if there is no record, if the record has expired, or if its owner has run
// out of time. So a claim survives a crash for as long as the crashed run could have
// lasted.
//
// The ledger cannot give "exactly once" if a run crashes between the post to Datadog and
// Complete. The next claim then says so, and Datadog's event stream knows.
package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/fault"
)

const (
	// TTL is how long the ledger knows an alert. It outlasts a message in the queue and
	// then in the dead-letter queue: SQS keeps it for at most 14 days in both together.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
	TTL = 15 * 24 * time.Hour
	// CycleTTL is how long the ledger knows a cycle after its last notification. It
	// outlasts Datadog's longest renotify interval, a day, by far.
	CycleTTL = 90 * 24 * time.Hour
)

// Ledger is a table whose partition key is the string "id" and whose TTL attribute is
// "expires_at". It is safe for concurrent use. Every error is temporary (see package
// fault) and names the table. Calls take as long as their context allows.
type Ledger struct {
	client client
	table  string
	now    func() time.Time
	// process owns the claims, and numbers them. The number tells a claim that was written,
	// but whose answer got lost, from another run's claim. A release needs only the process:
	// of two runs in one process the second gets the claim only after the first's deadline.
	process string
	claims  atomic.Int64
}

// client has only the calls of the ledger, because the linker keeps all methods of a
// *dynamodb.Client that an interface can reach, here 1.6 MB.
type client struct {
	GetItem      call[dynamodb.GetItemInput, dynamodb.GetItemOutput]
	PutItem      call[dynamodb.PutItemInput, dynamodb.PutItemOutput]
	UpdateItem   call[dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput]
	DeleteItem   call[dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput]
	BatchGetItem call[dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput]
}

type call[In, Out any] = func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)

// New returns the ledger in a table.
func New(db *dynamodb.Client, table string) *Ledger {
	calls := client{db.GetItem, db.PutItem, db.UpdateItem, db.DeleteItem, db.BatchGetItem}
	return &Ledger{client: calls, table: table, now: time.Now, process: rand.Text() + "/"}
}

// read returns the item of a key, or none.
func (l *Ledger) read(ctx context.Context, prefix, key string) (item, error) {
	id, err := recordID(prefix, key)
	if err != nil {
		return nil, err
	}
	out, err := l.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &l.table, Key: item{attrID: text(id)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, l.failed("GetItem", err)
	}
	return out.Item, nil
}

// put writes the item of a key, unless the condition refuses it. It returns the attributes
// that in asks for.
func (l *Ledger) put(ctx context.Context, prefix, key string, in *dynamodb.PutItemInput) (found item, isRefused bool, err error) {
	id, err := recordID(prefix, key)
	if err != nil {
		return nil, false, err
	}
	in.TableName, in.Item[attrID] = &l.table, text(id)
	out, err := l.client.PutItem(ctx, in)
	if err != nil {
		return l.refused("PutItem", err)
	}
	return out.Attributes, false, nil
}

// update changes the item of a key, as put writes one.
func (l *Ledger) update(ctx context.Context, prefix, key string, in *dynamodb.UpdateItemInput) (found item, isRefused bool, err error) {
	id, err := recordID(prefix, key)
	if err != nil {
		return nil, false, err
	}
	in.TableName, in.Key = &l.table, item{attrID: text(id)}
	out, err := l.client.UpdateItem(ctx, in)
	if err != nil {
		return l.refused("UpdateItem", err)
	}
	return out.Attributes, false, nil
}

// delete deletes the item of a key, unless the condition refuses it.
func (l *Ledger) delete(ctx context.Context, prefix, key string, in *dynamodb.DeleteItemInput) error {
	id, err := recordID(prefix, key)
	if err != nil {
		return err
	}
	in.TableName, in.Key = &l.table, item{attrID: text(id)}
	if _, err = l.client.DeleteItem(ctx, in); err != nil {
		_, _, err = l.refused("DeleteItem", err)
	}
	return err
}

// refused returns the item that a condition refused to change, or what else failed.
func (l *Ledger) refused(operation string, err error) (found item, isRefused bool, _ error) {
	if refused, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return refused.Item, true, nil
	}
	return nil, false, l.failed(operation, err)
}

// expiry is the time after which DynamoDB may delete an item.
func (l *Ledger) expiry(ttl time.Duration) types.AttributeValue {
	return number(l.now().Add(ttl).Unix())
}

// The prefixes of partition keys.
const (
	alertPrefix     = "alert#"
	cyclePrefix     = "cycle#"
	stormPrefix     = "storm#"
	listPrefix      = "storm_list#"
	queuedPrefix    = "parked#"
	watermarkPrefix = "watermark#"
	historyPrefix   = "history#"
	actionPrefix    = "action#"
	keptPrefix      = "kept#"
)

// maxKeyBytes keeps a key within DynamoDB's 2,048 bytes for a partition key.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxKeyBytes = 1024

// recordID returns the partition key. An empty key would make every alert a duplicate of
// the first.
func recordID(prefix, key string) (string, error) {
	if key == "" {
		return "", fault.New(fault.Internal, "the ledger needs an alert with a key", nil)
	}
	return prefix + hashKey(key, maxKeyBytes), nil
}

// hashKey returns s, or its hash if s is longer than limit bytes: different keys stay
// different.
func hashKey(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}
