package ledger

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Watermark returns the time up to which the reader of that name has read, to the
// millisecond, or the zero time when it never said so.
func (d *DynamoDB) Watermark(ctx context.Context, name string) (time.Time, error) {
	id, err := recordID(watermarkPrefix, name)
	if err != nil {
		return time.Time{}, err
	}
	out, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &d.table, Key: item{attrID: text(id)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return time.Time{}, d.failed("GetItem", err)
	}
	if len(out.Item) == 0 {
		return time.Time{}, nil
	}
	at, err := readNumber(out.Item, attrReadUntil)
	if err != nil {
		return time.Time{}, d.failed("GetItem", err)
	}
	return time.UnixMilli(at).UTC(), nil
}

// SetWatermark says that the reader of that name has read up to a time. A
// watermark never expires, and may be set back.
func (d *DynamoDB) SetWatermark(ctx context.Context, name string, until time.Time) error {
	id, err := recordID(watermarkPrefix, name)
	if err != nil {
		return err
	}
	_, err = d.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.table, Item: map[string]types.AttributeValue{
		attrID:        text(id),
		attrReadUntil: number(until.UnixMilli()),
	}})
	if err != nil {
		return d.failed("PutItem", err)
	}
	return nil
}

// Watermark is as DynamoDB's.
func (m *Memory) Watermark(ctx context.Context, name string) (time.Time, error) {
	id, unlock, err := m.open(ctx, watermarkPrefix, name)
	if err != nil {
		return time.Time{}, err
	}
	defer unlock()
	at, ok := m.table.watermarks[id]
	if !ok {
		return time.Time{}, nil
	}
	return time.UnixMilli(at).UTC(), nil
}

// SetWatermark is as DynamoDB's.
func (m *Memory) SetWatermark(ctx context.Context, name string, until time.Time) error {
	id, unlock, err := m.open(ctx, watermarkPrefix, name)
	if err != nil {
		return err
	}
	defer unlock()
	m.table.watermarks[id] = until.UnixMilli()
	return nil
}
