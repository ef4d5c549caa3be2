package ledger

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/fault"
)

var _ Client = (*dynamodb.Client)(nil)

// fake is a client of functions.
type fake struct {
	put    func(*dynamodb.PutItemInput) error
	update func(*dynamodb.UpdateItemInput) (item, error)
	delete func(*dynamodb.DeleteItemInput) error
	get    func(*dynamodb.GetItemInput) (item, error)
	batch  func(*dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
}

func (f fake) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return &dynamodb.PutItemOutput{}, f.put(in)
}

func (f fake) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	attributes, err := f.update(in)
	return &dynamodb.UpdateItemOutput{Attributes: attributes}, err
}

func (f fake) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return &dynamodb.DeleteItemOutput{}, f.delete(in)
}

func (f fake) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	found, err := f.get(in)
	return &dynamodb.GetItemOutput{Item: found}, err
}

func (f fake) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return f.batch(in)
}

func inTheWay(i item) error { return &types.ConditionalCheckFailedException{Item: i} }

func startClock() *clock { return &clock{now: start} }

var ignoreSDK = cmpopts.IgnoreUnexported(
	types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberSS{})

func TestDynamoDB_Claim(t *testing.T) {
	t.Run("is one conditional write with the old item back", func(t *testing.T) {
		var got *dynamodb.PutItemInput
		client := fake{put: func(in *dynamodb.PutItemInput) error { got = in; return nil }}
		l := New(client, "alerts", Options{Now: startClock().Now})
		if _, err := l.Claim(t.Context(), key, start.Add(runTime)); err != nil {
			t.Fatal(err)
		}
		condition := "attribute_not_exists(id) OR expires_at < :now" +
			" OR (#status = :inprogress AND attribute_exists(in_progress_until) AND in_progress_until < :now_ms)"
		if *got.TableName != "alerts" || *got.ConditionExpression != condition ||
			got.ReturnValuesOnConditionCheckFailure != types.ReturnValuesOnConditionCheckFailureAllOld {
			t.Errorf("got %+v", got)
		}
		want := item{
			"id":                text("alert#" + key),
			"status":            text("INPROGRESS"),
			"claimed_by":        text(l.owner.process + "1"),
			"in_progress_until": number(1795255214000),
			"expires_at":        number(1795255200 + 15*24*3600),
		}
		if diff := cmp.Diff(want, got.Item, ignoreSDK); diff != "" {
			t.Errorf("item (-want +got):\n%s", diff)
		}
		values := item{":inprogress": text("INPROGRESS"), ":now": number(1795255200), ":now_ms": number(1795255200000)}
		if diff := cmp.Diff(values, got.ExpressionAttributeValues, ignoreSDK); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	})

	t.Run("is granted when its own first attempt is in the way", func(t *testing.T) {
		client := fake{put: func(in *dynamodb.PutItemInput) error { return inTheWay(in.Item) }}
		got, err := New(client, "alerts", Options{Now: startClock().Now}).Claim(t.Context(), key, start.Add(runTime))
		if err != nil || got != previousExpired { // Whom it overtook was in the answer that got lost.
			t.Fatalf("got %+v, %v", got, err)
		}
	})

	ended := map[string]record{
		"a claim that ended meanwhile is busy until now":         inProgress("p/1", start.Add(time.Second), start.Add(DefaultTTL)),
		"a completed record that ended meanwhile is not trusted": completed(posted, start.Add(time.Second)),
	}
	for name, r := range ended {
		t.Run(name, func(t *testing.T) {
			c := startClock()
			client := fake{put: func(*dynamodb.PutItemInput) error {
				c.Advance(2 * time.Second)
				return inTheWay(r.item("alert#" + key))
			}}
			got, err := New(client, "alerts", Options{Now: c.Now}).Claim(t.Context(), key, start.Add(runTime))
			if err != nil || got != busy(start.Add(2*time.Second)) {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}

	unreadable := map[string]item{
		"no item":                       nil,
		"an unknown status":             {"status": text("PAUSED"), "expires_at": number(1)},
		"no expiry":                     {"status": text("COMPLETED")},
		"an expiry that is no number":   {"status": text("COMPLETED"), "expires_at": text("soon")},
		"an expiry that is no integer":  {"status": text("COMPLETED"), "expires_at": &types.AttributeValueMemberN{Value: "1.5"}},
		"in progress without a time":    {"status": text("INPROGRESS"), "expires_at": number(1)},
		"in progress with a wrong time": {"status": text("INPROGRESS"), "expires_at": number(1), "in_progress_until": text("x")},
	}
	for name, i := range unreadable {
		t.Run("a record with "+name+" is a temporary fault and not an answer", func(t *testing.T) {
			client := fake{put: func(*dynamodb.PutItemInput) error { return inTheWay(i) }}
			got, err := New(client, "alerts", Options{Now: startClock().Now}).Claim(t.Context(), key, start.Add(runTime))
			if got != (Claim{}) || !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), `"alerts" holds a record that cannot be read`) {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}

func TestDynamoDB_Remember(t *testing.T) {
	t.Run("is one write with the whole item back", func(t *testing.T) {
		var got []*dynamodb.UpdateItemInput
		client := fake{update: func(in *dynamodb.UpdateItemInput) (item, error) {
			got = append(got, in)
			return item{"seen": in.ExpressionAttributeValues[":seen"]}, nil
		}}
		if _, err := New(client, "alerts", Options{Now: startClock().Now}).AddNotification(t.Context(), "cycle-1", triggered); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].ReturnValues != types.ReturnValueAllNew || *got[0].UpdateExpression != "SET expires_at = :expires ADD seen :seen" {
			t.Fatalf("got %+v", got)
		}
		want := item{
			":expires": number(1795255200 + 90*24*3600),
			":seen":    &types.AttributeValueMemberSS{Value: []string{`{"at":1795251600000,"id":"100","transition":"Triggered"}`}},
		}
		if diff := cmp.Diff(want, got[0].ExpressionAttributeValues, ignoreSDK); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	})

	t.Run("folds a full cycle once, and does not mind when that fails", func(t *testing.T) {
		full := &types.AttributeValueMemberSS{}
		for i := range maxEntries {
			full.Value = append(full.Value, newEntry(renotification(i), start).String())
		}
		var folds []*dynamodb.UpdateItemInput
		client := fake{update: func(in *dynamodb.UpdateItemInput) (item, error) {
			if in.ConditionExpression == nil {
				return item{"seen": full, "folded": number(100), "first_seen": number(triggered.At.UnixMilli())}, nil
			}
			folds = append(folds, in)
			return nil, errors.New("throttled")
		}}
		got, err := New(client, "alerts", Options{Now: startClock().Now}).AddNotification(t.Context(), "cycle-1", renotification(0))
		want := Cycle{triggered.At, renotification(maxEntries - 1).At, "Renotify", 100 + maxEntries}
		if err != nil || got != want {
			t.Fatalf("got %+v, %v", got, err)
		}
		if len(folds) != 1 {
			t.Fatalf("got %d folds, want 1", len(folds))
		}
		values := item{
			":folded":  number(100 + maxEntries - keptIDs),
			":first":   number(triggered.At.UnixMilli()),
			":dropped": &types.AttributeValueMemberSS{Value: full.Value[:maxEntries-keptIDs]},
			":known":   number(100),
			":none":    number(0),
		}
		if diff := cmp.Diff(values, folds[0].ExpressionAttributeValues, ignoreSDK); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	})

	unreadable := map[string]item{
		"nothing in it":           {},
		"a wrong type":            {"seen": text("x")},
		"a count of a wrong type": {"seen": &types.AttributeValueMemberSS{Value: []string{"{}"}}, "folded": text("x")},
		"a count without a time":  {"seen": &types.AttributeValueMemberSS{Value: []string{"{}"}}, "folded": number(1)},
	}
	for name, i := range unreadable {
		t.Run("a record with "+name+" is a temporary fault", func(t *testing.T) {
			client := fake{update: func(*dynamodb.UpdateItemInput) (item, error) { return i, nil }}
			_, err := New(client, "alerts", Options{Now: startClock().Now}).AddNotification(t.Context(), "cycle-1", triggered)
			if !fault.IsTemporary(err) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestDynamoDB_Complete(t *testing.T) {
	t.Run("is one unconditional write", func(t *testing.T) {
		var got *dynamodb.PutItemInput
		client := fake{put: func(in *dynamodb.PutItemInput) error { got = in; return nil }}
		if err := New(client, "alerts", Options{Now: startClock().Now, TTL: time.Hour}).Complete(t.Context(), key, posted); err != nil {
			t.Fatal(err)
		}
		want := item{
			"id":         text("alert#" + key),
			"status":     text("COMPLETED"),
			"event_id":   text(posted.ID),
			"event_url":  text(posted.URL),
			"expires_at": number(start.Unix() + 3600),
		}
		if diff := cmp.Diff(want, got.Item, ignoreSDK); diff != "" || got.ConditionExpression != nil {
			t.Errorf("condition %v, item (-want +got):\n%s", got.ConditionExpression, diff)
		}
	})
	t.Run("a failure names the table", func(t *testing.T) {
		client := fake{put: func(*dynamodb.PutItemInput) error { return errors.New("no route") }}
		err := New(client, "alerts", Options{}).Complete(t.Context(), key, posted)
		if !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), `"alerts"`) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestCycle_fold(t *testing.T) {
	t.Run("copies are dropped without being counted", func(t *testing.T) {
		c := cycle{entries: map[string]struct{}{}}
		for i := range maxEntries {
			e := newEntry(renotification(i%8), start)
			e.At += int64(i)
			c.entries[e.String()] = struct{}{}
		}
		before := c.summary()
		dropped, folded, _ := c.fold()
		for _, d := range dropped {
			delete(c.entries, d)
		}
		if folded != 0 || len(c.entries) != 8 || c.summary() != before {
			t.Fatalf("folded %d, %d entries left, %+v became %+v", folded, len(c.entries), before, c.summary())
		}
	})
	t.Run("what is not ours is neither counted nor dropped", func(t *testing.T) {
		c := cycle{entries: map[string]struct{}{}}
		for i := range maxEntries {
			c.entries[strconv.Itoa(i)] = struct{}{}
		}
		dropped, _, _ := c.fold()
		if len(dropped) != 0 || c.summary() != (Cycle{}) {
			t.Fatalf("dropped %v, summary %+v", dropped, c.summary())
		}
	})
}
