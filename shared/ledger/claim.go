package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/event"
)

// State says who may work on an alert.
type State string

const (
	// Granted means that the alert is the caller's until the time it asked for.
	Granted State = "granted"
	// Done means that the alert was posted before.
	Done State = "done"
	// Busy means that another run is working on the alert.
	Busy State = "busy"
)

// Delivery is one arrival of an alert. Two deliveries with one key are the same alert.
type Delivery struct {
	Key        string
	ReceivedAt time.Time
	// Window bounds the time between the receipts of two deliveries that are the same
	// alert, because the key may be another alert's too. Zero means that it cannot be.
	Window time.Duration
	// Alias is another key that FilterKnown shall know the alert by, or empty.
	Alias string
}

// Claim is the answer to a claim.
type Claim struct {
	State  State
	Posted event.Posted // for Done
	Until  time.Time    // for Busy: when the other run's claim expires
	// Earlier is, for Granted, a run that may have posted the alert: it said so, or its
	// claim expired.
	Earlier *Run
}

// Run is a run that ended without completing its claim. What is unknown is zero.
type Run struct {
	ReceivedAt time.Time    // when its delivery arrived
	EndedAt    time.Time    // when it ended, at the latest
	Posted     event.Posted // its event
}

// claimCondition is record.expired as a DynamoDB expression. windowCondition adds the
// records of other alerts that have the same key; a record without a receipt is of no other.
const (
	claimCondition = "attribute_not_exists(id)" +
		" OR expires_at < :now" +
		" OR (#status = :inprogress AND attribute_exists(in_progress_until) AND in_progress_until < :now_ms)"
	windowCondition = " OR (#status = :completed AND attribute_exists(received_at) AND NOT received_at BETWEEN :earliest AND :latest)"
)

// ownCondition matches an unfinished claim of this process.
const ownCondition = "#status = :inprogress AND begins_with(claimed_by, :process)"

// statusName stands for "status", which DynamoDB reserves.
var statusName = map[string]string{"#status": attrStatus}

// Claim claims the alert of a delivery until the given time, the caller's deadline.
func (l *Ledger) Claim(ctx context.Context, d Delivery, until time.Time) (Claim, error) {
	now := l.now()
	own := record{
		Status: statusInProgress, ClaimedBy: fmt.Sprint(l.process, l.claims.Add(1)),
		InProgressUntil: until.UnixMilli(), ReceivedAt: d.receipt(), ExpiresAt: now.Add(TTL).Unix(),
	}
	condition, values := claimCondition, item{
		":inprogress": text(statusInProgress),
		":now":        number(now.Unix()),
		":now_ms":     number(now.UnixMilli()),
	}
	if d.Window > 0 {
		condition += windowCondition
		values[":completed"] = text(statusCompleted)
		values[":earliest"] = number(d.ReceivedAt.Add(-d.Window).UnixMilli())
		values[":latest"] = number(d.ReceivedAt.Add(d.Window).UnixMilli())
	}
	found, isRefused, err := l.put(ctx, alertPrefix, d.Key, &dynamodb.PutItemInput{
		Item:                                own.item(),
		ReturnValues:                        types.ReturnValueAllOld,
		ConditionExpression:                 &condition,
		ExpressionAttributeNames:            statusName,
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	switch {
	case err != nil:
		return Claim{}, err
	case !isRefused:
		return Claim{State: Granted, Earlier: d.earlierRun(found)}, nil
	}
	known, err := readRecord(found)
	if err != nil {
		return Claim{}, l.failed("PutItem", err)
	}
	if known.ClaimedBy == own.ClaimedBy {
		// The SDK's first attempt was written. Its answer, which got lost, may have
		// shown an earlier run.
		return Claim{State: Granted, Earlier: &Run{}}, nil
	}
	return known.claim(l.now()), nil
}

// Complete records the alert's event, and makes its alias known. It is unconditional: the
// event is in Datadog, even if another run has claimed the alert since.
func (l *Ledger) Complete(ctx context.Context, d Delivery, posted event.Posted) error {
	done := record{Status: statusCompleted, Posted: posted, ReceivedAt: d.receipt(), ExpiresAt: l.now().Add(TTL).Unix()}
	_, _, err := l.put(ctx, alertPrefix, d.Key, &dynamodb.PutItemInput{Item: done.item()})
	if d.Alias != "" {
		err = errors.Join(err, l.MarkQueued(ctx, d.Alias))
	}
	return err
}

// MarkPosted records the alert's event in this process's claim, so that the next run knows it
// although there is more to do. A claim of another process stays, which is not an error.
func (l *Ledger) MarkPosted(ctx context.Context, d Delivery, posted event.Posted) error {
	return l.updateOwn(ctx, d, "SET event_id = :id, event_url = :url", item{":id": text(posted.ID), ":url": text(posted.URL)})
}

// Posted returns the alert's event and when it was completed, to the second. Both are zero if it is not
// complete.
func (l *Ledger) Posted(ctx context.Context, d Delivery) (event.Posted, time.Time, error) {
	found, err := l.read(ctx, alertPrefix, d.Key)
	if err != nil || len(found) == 0 {
		return event.Posted{}, time.Time{}, err
	}
	r, err := readRecord(found)
	if err != nil {
		return event.Posted{}, time.Time{}, l.failed("GetItem", err)
	}
	isOther := r.ReceivedAt != 0 && d.ReceivedAt.Sub(time.UnixMilli(r.ReceivedAt)).Abs() > d.Window
	if r.Status != statusCompleted || isOther {
		return event.Posted{}, time.Time{}, nil
	}
	return r.Posted, time.Unix(r.ExpiresAt, 0).Add(-TTL).UTC(), nil
}

// Release ends this process's claim, so that the next delivery need not wait for it. A
// run that may have posted the event leaves an expired claim for the next run to see
// (see Claim.Earlier). A claim of another process stays, which is not an error.
func (l *Ledger) Release(ctx context.Context, d Delivery, maybePosted bool) error {
	if maybePosted {
		change, values := "SET in_progress_until = :expired", item{":expired": number(l.now().UnixMilli() - 1)}
		if d.Window > 0 {
			change += ", received_at = :received"
			values[":received"] = number(d.receipt())
		}
		return l.updateOwn(ctx, d, change, values)
	}
	return l.delete(ctx, alertPrefix, d.Key, &dynamodb.DeleteItemInput{
		ConditionExpression: aws.String(ownCondition), ExpressionAttributeNames: statusName, ExpressionAttributeValues: l.own(item{}),
	})
}

// updateOwn changes this process's claim, and leaves another process's as it is.
func (l *Ledger) updateOwn(ctx context.Context, d Delivery, change string, values item) error {
	_, _, err := l.update(ctx, alertPrefix, d.Key, &dynamodb.UpdateItemInput{
		UpdateExpression: &change, ConditionExpression: aws.String(ownCondition),
		ExpressionAttributeNames: statusName, ExpressionAttributeValues: l.own(values),
	})
	return err
}

func (l *Ledger) own(values item) item {
	values[":inprogress"], values[":process"] = text(statusInProgress), text(l.process)
	return values
}

// receipt is what a record keeps of the time of receipt: nothing if the key needs none.
func (d Delivery) receipt() int64 {
	if d.Window == 0 {
		return 0
	}
	return d.ReceivedAt.UnixMilli()
}

// earlierRun returns the run that left a claim on this alert, or nil.
func (d Delivery) earlierRun(previous item) *Run {
	if readText(previous, attrStatus) != statusInProgress {
		return nil
	}
	r, err := readRecord(previous)
	if err != nil {
		return &Run{}
	}
	run := &Run{EndedAt: time.UnixMilli(r.InProgressUntil).UTC(), Posted: r.Posted}
	if r.ReceivedAt != 0 {
		run.ReceivedAt = time.UnixMilli(r.ReceivedAt).UTC()
		if d.ReceivedAt.Sub(run.ReceivedAt).Abs() > d.Window {
			return nil
		}
	}
	return run
}

// The values of a record's status, as Powertools has them.
const (
	statusInProgress = "INPROGRESS"
	statusCompleted  = "COMPLETED"
)

type record struct {
	Status          string
	ClaimedBy       string       // in progress: the process and the number of its claim
	InProgressUntil int64        // in progress: epoch milliseconds
	ReceivedAt      int64        // epoch milliseconds; 0 if the key is certain
	Posted          event.Posted // completed
	ExpiresAt       int64        // epoch seconds, as DynamoDB's TTL wants
}

// expired reports whether a claim is granted over the record. It compares the time,
// because DynamoDB's TTL deletes up to days late.
func (r record) expired(now time.Time) bool {
	return r.ExpiresAt < now.Unix() || r.Status == statusInProgress && r.InProgressUntil < now.UnixMilli()
}

// claim is the answer to a claim that the record refused. A record that has expired since
// then is busy until now: the caller gets the claim when it retries.
func (r record) claim(now time.Time) Claim {
	switch {
	case r.expired(now):
		return Claim{State: Busy, Until: now}
	case r.Status == statusCompleted:
		return Claim{State: Done, Posted: r.Posted}
	}
	return Claim{State: Busy, Until: time.UnixMilli(r.InProgressUntil).UTC()}
}

func (r record) item() item {
	i := item{attrStatus: text(r.Status), attrExpiresAt: number(r.ExpiresAt)}
	if r.Status == statusInProgress {
		i[attrClaimedBy], i[attrInProgressUntil] = text(r.ClaimedBy), number(r.InProgressUntil)
	} else {
		i[attrEventID], i[attrEventURL] = text(r.Posted.ID), text(r.Posted.URL)
	}
	if r.ReceivedAt != 0 {
		i[attrReceivedAt] = number(r.ReceivedAt)
	}
	return i
}

func readRecord(i item) (record, error) {
	r := record{
		Status:    readText(i, attrStatus),
		ClaimedBy: readText(i, attrClaimedBy),
		Posted:    event.Posted{ID: readText(i, attrEventID), URL: readText(i, attrEventURL)},
	}
	if r.Status != statusInProgress && r.Status != statusCompleted {
		return record{}, unreadable("status is %q", r.Status)
	}
	var err error
	if r.ExpiresAt, err = readNumber(i, attrExpiresAt); err != nil {
		return record{}, err
	}
	if _, ok := i[attrReceivedAt]; ok {
		if r.ReceivedAt, err = readNumber(i, attrReceivedAt); err != nil {
			return record{}, err
		}
	}
	if r.Status == statusInProgress {
		r.InProgressUntil, err = readNumber(i, attrInProgressUntil)
	}
	return r, err
}
