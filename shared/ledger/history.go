package ledger

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/enrich"
	"boomerang/shared/memory"
)

// maxHistoryTries is how many runs may add to one history at once.
const maxHistoryTries = 5

// maxServiceBytes keeps a history below 4 KB.
const maxServiceBytes = 100

// History returns the earlier cycles under a key (see memory.Key), the oldest first.
func (l *Ledger) History(ctx context.Context, key string) ([]memory.Cycle, error) {
	found, err := l.read(ctx, historyPrefix, key)
	if err != nil {
		return nil, err
	}
	_, cycles, err := readHistory(found)
	if err != nil {
		return nil, l.failed("GetItem", err)
	}
	return cycles, nil
}

// AddToHistory adds cycles to those that History returned. If another run has changed the
// history since, they are added to what that run wrote, so no run loses a cycle. Adding a
// cycle again changes nothing.
func (l *Ledger) AddToHistory(ctx context.Context, key string, known []memory.Cycle, more ...memory.Cycle) error {
	stored := encodeHistory(known)
	for range maxHistoryTries {
		added := encodeHistory(memory.Add(known, more...))
		if added == stored {
			return nil
		}
		in := &dynamodb.PutItemInput{
			Item:                                item{attrCycles: text(added), attrExpiresAt: l.expiry(memory.MaxAge)},
			ConditionExpression:                 aws.String("attribute_not_exists(id)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}
		if stored != "" {
			in.ConditionExpression = aws.String("cycles = :stored")
			in.ExpressionAttributeValues = item{":stored": text(stored)}
		}
		found, isRefused, err := l.put(ctx, historyPrefix, key, in)
		if err != nil || !isRefused {
			return err
		}
		if stored, known, err = readHistory(found); err != nil {
			return l.failed("PutItem", err)
		}
	}
	return l.failed("PutItem", errContended)
}

// pastCycle is a cycle as a history holds it. A version that needs more uses another
// attribute, so that this one leaves its items alone.
type pastCycle struct {
	Began     int64  `json:"at"`  // epoch milliseconds
	Lasted    int64  `json:"for"` // milliseconds
	Notified  int    `json:"n"`
	Recovered bool   `json:"self,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Service   string `json:"of,omitempty"`
}

// encodeHistory returns the text of an item. No cycles are no text, because they have no item.
func encodeHistory(cycles []memory.Cycle) string {
	if len(cycles) == 0 {
		return ""
	}
	past := make([]pastCycle, len(cycles))
	for i, c := range cycles {
		past[i] = pastCycle{c.Began.UnixMilli(), c.Lasted.Milliseconds(), c.Notified, c.Recovered, c.Followed.Kind, truncate(c.Followed.Service, maxServiceBytes)}
	}
	encoded, _ := json.Marshal(past) // Texts and numbers always marshal.
	return string(encoded)
}

// readHistory returns the text of an item and its cycles. An item that was deleted
// meanwhile has neither.
func readHistory(i item) (string, []memory.Cycle, error) {
	if len(i) == 0 {
		return "", nil, nil
	}
	stored := readText(i, attrCycles)
	decoder := json.NewDecoder(strings.NewReader(stored))
	decoder.DisallowUnknownFields()
	var past []pastCycle
	if err := decoder.Decode(&past); err != nil {
		return "", nil, unreadable("%s: %w", attrCycles, err)
	}
	cycles := make([]memory.Cycle, len(past))
	for i, p := range past {
		cycles[i] = memory.Cycle{
			Began: time.UnixMilli(p.Began).UTC(), Lasted: time.Duration(p.Lasted) * time.Millisecond,
			Notified: p.Notified, Recovered: p.Recovered, Followed: enrich.Change{Kind: p.Kind, Service: p.Service},
		}
	}
	return stored, cycles, nil
}
