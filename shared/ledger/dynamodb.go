package ledger

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/event"
)

// Client is what the ledger needs of *dynamodb.Client. The role that it runs
// under must allow on the table what its function does: dynamodb:PutItem,
// UpdateItem and DeleteItem to work on alerts, BatchGetItem, GetItem and PutItem
// to look for missing ones.
type Client interface {
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
}

// DynamoDB keeps the ledger in a table whose partition key is the string "id"
// and whose TTL attribute is "expires_at". It is safe for concurrent use. Every
// error is temporary (see package fault) and names the table; how long a call may
// take is the context's business.
type DynamoDB struct {
	client  Client
	table   string
	options Options
	owner   *owner
}

// New returns the ledger in a DynamoDB table.
func New(client Client, table string, o Options) *DynamoDB {
	return &DynamoDB{client: client, table: table, options: o.withDefaults(), owner: newOwner()}
}

// claimCondition is record.void in DynamoDB's words.
const claimCondition = "attribute_not_exists(id)" +
	" OR expires_at < :now" +
	" OR (#status = :inprogress AND attribute_exists(in_progress_until) AND in_progress_until < :now_ms)"

// endCondition lets a run end its own unfinished claim and nothing else:
// not a completed record, and not the claim of whoever took over.
const endCondition = "#status = :inprogress AND begins_with(claimed_by, :process)"

// statusName stands in for "status", which DynamoDB reserves.
var statusName = map[string]string{"#status": attrStatus}

// Claim asks for the right to work on the alert until the given time, which is
// the end of the caller's own time: after it anyone may take over. The key names
// one notification (organisation and $ID), so that the next one of the same
// monitor is a different key and always passes.
func (d *DynamoDB) Claim(ctx context.Context, key string, until time.Time) (Claim, error) {
	id, err := recordID(alertPrefix, key)
	if err != nil {
		return Claim{}, err
	}
	now := d.options.Now()
	ours := inProgress(d.owner.next(), until, now.Add(d.options.TTL))
	put, err := d.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                &d.table,
		Item:                     ours.item(id),
		ReturnValues:             types.ReturnValueAllOld,
		ConditionExpression:      aws.String(claimCondition),
		ExpressionAttributeNames: statusName,
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":inprogress": text(statusInProgress),
			":now":        number(now.Unix()),
			":now_ms":     number(now.UnixMilli()),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	refused, isRefused := errors.AsType[*types.ConditionalCheckFailedException](err)
	switch {
	case err == nil:
		return Claim{State: Granted, PreviousExpired: readText(put.Attributes, attrStatus) == statusInProgress}, nil
	case !isRefused:
		return Claim{}, d.failed("PutItem", err)
	}
	found, err := readRecord(refused.Item)
	if err != nil {
		return Claim{}, d.failed("PutItem", err)
	}
	if found.ClaimedBy == ours.ClaimedBy {
		// The first attempt was written and its answer lost, which may have told of
		// another run; what was in the way of the SDK's second attempt is this claim.
		return Claim{State: Granted, PreviousExpired: true}, nil
	}
	return found.answer(d.options.Now()), nil
}

// Complete records where the alert's event went. It is unconditional: the event
// is in Datadog whoever holds the claim by now, and knowing that stops every
// further copy. A run that was previousExpired and then posted after all therefore
// wins over the claim that overtook it, and over no record at all.
func (d *DynamoDB) Complete(ctx context.Context, key string, posted event.Posted) error {
	id, err := recordID(alertPrefix, key)
	if err != nil {
		return err
	}
	_, err = d.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &d.table,
		Item:      completed(posted, d.options.Now().Add(d.options.TTL)).item(id),
	})
	if err != nil {
		return d.failed("PutItem", err)
	}
	return nil
}

// Release ends this process's claim, so that the next delivery need not wait for it. A
// run that may have posted the event leaves an expired claim, which tells the next run
// (see Claim.PreviousExpired). A claim of another process stays, which is not an error.
func (d *DynamoDB) Release(ctx context.Context, key string, maybePosted bool) error {
	id, err := recordID(alertPrefix, key)
	if err != nil {
		return err
	}
	operation, values := "DeleteItem", item{":inprogress": text(statusInProgress), ":process": text(d.owner.process)}
	if maybePosted {
		operation = "UpdateItem"
		values[":ended"] = number(ended)
		_, err = d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &d.table, Key: item{attrID: text(id)}, UpdateExpression: aws.String("SET in_progress_until = :ended"),
			ConditionExpression: aws.String(endCondition), ExpressionAttributeNames: statusName, ExpressionAttributeValues: values,
		})
	} else {
		_, err = d.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &d.table, Key: item{attrID: text(id)},
			ConditionExpression: aws.String(endCondition), ExpressionAttributeNames: statusName, ExpressionAttributeValues: values,
		})
	}
	if _, notOurs := errors.AsType[*types.ConditionalCheckFailedException](err); err != nil && !notOurs {
		return d.failed(operation, err)
	}
	return nil
}

// AddNotification adds a notification to its alert cycle and returns what is known of
// the cycle then. It may be told the same notification again, and out of order.
func (d *DynamoDB) AddNotification(ctx context.Context, cycleKey string, seen Notification) (Cycle, error) {
	id, err := recordID(cyclePrefix, cycleKey)
	if err != nil {
		return Cycle{}, err
	}
	now := d.options.Now()
	out, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:        &d.table,
		Key:              map[string]types.AttributeValue{attrID: text(id)},
		UpdateExpression: aws.String("SET expires_at = :expires ADD seen :seen"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":expires": number(now.Add(d.options.CycleTTL).Unix()),
			":seen":    &types.AttributeValueMemberSS{Value: []string{newEntry(seen, now).String()}},
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return Cycle{}, d.failed("UpdateItem", err)
	}
	c, err := readCycle(out.Attributes)
	if err != nil {
		return Cycle{}, d.failed("UpdateItem", err)
	}
	d.fold(ctx, id, c)
	return c.summary(), nil
}

// fold makes room in a long cycle, which happens once in maxEntries-keptIDs
// notifications. The condition lets one of several runs do it; that one fails is
// nothing to report, because the next notification folds instead.
func (d *DynamoDB) fold(ctx context.Context, id string, c cycle) {
	dropped, folded, firstSeen := c.fold()
	if len(dropped) == 0 {
		return
	}
	_, _ = d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &d.table,
		Key:                 map[string]types.AttributeValue{attrID: text(id)},
		UpdateExpression:    aws.String("SET folded = :folded, first_seen = :first DELETE seen :dropped"),
		ConditionExpression: aws.String("folded = :known OR (attribute_not_exists(folded) AND :known = :none)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":folded":  number(int64(folded)),
			":first":   number(firstSeen),
			":dropped": &types.AttributeValueMemberSS{Value: dropped},
			":known":   number(int64(c.folded)),
			":none":    number(0),
		},
	})
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
