package ledger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/fault"
)

// parkedTable is a table that holds every key as parked, and hands over at most
// room items in one answer.
func parkedTable(room int, calls *int) fake {
	return fake{batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
		*calls++
		keys := in.RequestItems["alerts"].Keys
		if len(keys) > 100 || len(keys) == 0 {
			return nil, fmt.Errorf("DynamoDB refuses %d keys", len(keys))
		}
		out := &dynamodb.BatchGetItemOutput{Responses: map[string][]item{}}
		for _, k := range keys[:min(room, len(keys))] {
			if strings.HasPrefix(readText(k, attrID), queuedPrefix) {
				found := item{attrID: k[attrID], attrExpiresAt: number(start.Unix())}
				out.Responses["alerts"] = append(out.Responses["alerts"], found)
			}
		}
		if left := keys[min(room, len(keys)):]; len(left) > 0 {
			out.UnprocessedKeys = map[string]types.KeysAndAttributes{"alerts": {Keys: left}}
		}
		return out, nil
	}}
}

func TestDynamoDB_Known(t *testing.T) {
	keys := make([]string, 120)
	for i := range keys {
		keys[i] = fmt.Sprint("org:", i)
	}
	for room, wantCalls := range map[int]int{100: 3, 7: 15 + 15 + 6} {
		t.Run(fmt.Sprintf("asks until all is told, %d at a time", room), func(t *testing.T) {
			var calls int
			got, err := New(parkedTable(room, &calls), "alerts", Options{Now: startClock().Now}).FilterKnown(t.Context(), keys...)
			if err != nil || len(got) != len(keys) || calls != wantCalls {
				t.Fatalf("%d known in %d calls, %v; want %d in %d", len(got), calls, err, len(keys), wantCalls)
			}
		})
	}

	t.Run("a table that hands over nothing is a temporary fault", func(t *testing.T) {
		var calls int
		got, err := New(parkedTable(0, &calls), "alerts", Options{}).FilterKnown(t.Context(), keys...)
		if got != nil || !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), "is throttled") || calls != 1 {
			t.Fatalf("got %v, %v after %d calls", got, err, calls)
		}
	})

	for name, i := range map[string]item{
		"an alert's record": {attrID: text(alertPrefix + key), attrStatus: text("PAUSED")},
		"a parked record":   {attrID: text(queuedPrefix + key), attrExpiresAt: text("soon")},
	} {
		t.Run(name+" that cannot be read is known all the same", func(t *testing.T) {
			client := fake{batch: func(*dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
				return &dynamodb.BatchGetItemOutput{Responses: map[string][]item{"alerts": {i}}}, nil
			}}
			got, err := New(client, "alerts", Options{}).FilterKnown(t.Context(), key)
			if err != nil || !got[key] {
				t.Fatalf("got %v, %v", got, err)
			}
		})
	}
}

func TestDynamoDB_Watermark(t *testing.T) {
	t.Run("a record that cannot be read is a fault and not the beginning of time", func(t *testing.T) {
		client := fake{get: func(*dynamodb.GetItemInput) (item, error) { return item{attrReadUntil: text("noon")}, nil }}
		_, err := New(client, "alerts", Options{}).Watermark(t.Context(), "reader")
		if !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), "cannot be read") {
			t.Fatalf("got %v", err)
		}
	})
}
