package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Action is a step that runs after an alert's event is posted.
type Action struct {
	Alert string // the alert's key
	Step  string // with the playbook
	// Cycle is the key of the alert's cycle, in which the step runs once; empty for a step
	// that runs for each alert.
	Cycle string
}

func (a Action) key() string {
	if a.Cycle != "" {
		return "cycle#" + a.Cycle + "#" + a.Step
	}
	return a.Alert + "#" + a.Step
}

// actionCondition refuses an action that is done, and one that another alert of the cycle
// does. All attempts on one alert may do it, because they share an idempotency key.
const actionCondition = "attribute_not_exists(id) OR expires_at < :now OR (#status = :inprogress AND claimed_by = :alert)"

// BeginAction claims an action for an alert until the given time. It is Done if it was done
// before, and Busy if another alert of the cycle does it.
func (l *Ledger) BeginAction(ctx context.Context, a Action, until time.Time) (State, error) {
	i := l.actionItem(a, statusInProgress)
	i[attrExpiresAt] = number(until.Unix())
	found, isRefused, err := l.put(ctx, actionPrefix, a.key(), &dynamodb.PutItemInput{
		Item: i, ConditionExpression: aws.String(actionCondition), ExpressionAttributeNames: statusName,
		ExpressionAttributeValues:           item{":now": number(l.now().Unix()), ":inprogress": text(statusInProgress), ":alert": i[attrClaimedBy]},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	switch {
	case err != nil:
		return "", err
	case !isRefused:
		return Granted, nil
	case readText(found, attrStatus) == statusCompleted:
		return Done, nil
	}
	return Busy, nil
}

// CompleteAction records that an action is done.
func (l *Ledger) CompleteAction(ctx context.Context, a Action) error {
	_, _, err := l.put(ctx, actionPrefix, a.key(), &dynamodb.PutItemInput{Item: l.actionItem(a, statusCompleted)})
	return err
}

// ReleaseAction lets another alert of the cycle do an action that this alert will not. An
// action that is done, or another alert's, stays, which is not an error.
func (l *Ledger) ReleaseAction(ctx context.Context, a Action) error {
	return l.delete(ctx, actionPrefix, a.key(), &dynamodb.DeleteItemInput{
		ConditionExpression:       aws.String("#status = :inprogress AND claimed_by = :alert"),
		ExpressionAttributeNames:  statusName,
		ExpressionAttributeValues: item{":inprogress": text(statusInProgress), ":alert": text(hashKey(a.Alert, maxKeyBytes))},
	})
}

func (l *Ledger) actionItem(a Action, status string) item {
	ttl := TTL
	if a.Cycle != "" {
		ttl = CycleTTL
	}
	return item{attrStatus: text(status), attrClaimedBy: text(hashKey(a.Alert, maxKeyBytes)), attrExpiresAt: l.expiry(ttl)}
}

// Kept is what the actions of a cycle keep.
type Kept struct {
	Texts map[string]string // by name
	// Pending are names without a text that another alert's action will keep.
	Pending []string
}

// The attributes of what a cycle keeps start with these, and end with the name. It has an
// item of its own, because most cycles keep nothing.
const (
	attrKept    = "kept_"
	attrPending = "pending_"
)

// pendingBy is the beginning of what marks a name that an alert's action will keep. The time
// until which it is expected follows.
func pendingBy(alert string) string { return hashKey(alert, maxKeyBytes) + " " }

// Expect records that the actions of an alert will keep these names, until then at most. The
// first alert stays. It returns what the cycle keeps, as the alert sees it.
func (l *Ledger) Expect(ctx context.Context, cycleKey, alert string, names []string, until time.Time) (Kept, error) {
	change, values := "SET expires_at = :expires", item{}
	for _, name := range names {
		change += ", " + attrPending + name + " = if_not_exists(" + attrPending + name + ", :pending)"
		values[":pending"] = text(pendingBy(alert) + strconv.FormatInt(until.Unix(), 10))
	}
	found, err := l.updateKept(ctx, cycleKey, change, values, attrID)
	if err != nil {
		return Kept{}, err
	}
	return l.readKept(found, alert), nil
}

// Keep keeps the texts of an alert's action, and expects none of the action's names any more.
// What another alert's action will keep stays expected.
func (l *Ledger) Keep(ctx context.Context, cycleKey, alert string, texts map[string]string, names []string) error {
	var failed []error
	if len(texts) > 0 {
		change, values := "SET expires_at = :expires", item{}
		kept := slices.Sorted(maps.Keys(texts))
		for i, name := range kept {
			value := ":text" + strconv.Itoa(i)
			change += ", " + attrKept + name + " = " + value
			values[value] = text(texts[name])
		}
		change += " REMOVE " + attrPending + strings.Join(kept, ", "+attrPending)
		_, err := l.updateKept(ctx, cycleKey, change, values, attrKept+kept[0])
		failed = append(failed, err)
	}
	for _, name := range names {
		if texts[name] == "" {
			failed = append(failed, l.expectNoMore(ctx, cycleKey, alert, attrPending+name))
		}
	}
	return errors.Join(failed...)
}

// updateKept changes and returns the item of what a cycle keeps, which stays as long as the
// cycle's own. An answer without the attribute that the item then has is an error, and not a
// cycle that keeps nothing.
func (l *Ledger) updateKept(ctx context.Context, cycleKey, change string, values item, has string) (item, error) {
	values[":expires"] = l.expiry(CycleTTL)
	found, _, err := l.update(ctx, keptPrefix, cycleKey, &dynamodb.UpdateItemInput{
		UpdateExpression: &change, ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
	})
	if err == nil && readText(found, has) == "" {
		err = l.failed("UpdateItem", unreadable("it has no %s", has))
	}
	return found, err
}

func (l *Ledger) expectNoMore(ctx context.Context, cycleKey, alert, attribute string) error {
	_, _, err := l.update(ctx, keptPrefix, cycleKey, &dynamodb.UpdateItemInput{
		UpdateExpression: aws.String("REMOVE " + attribute), ConditionExpression: aws.String("begins_with(" + attribute + ", :alert)"),
		ExpressionAttributeValues: item{":alert": text(pendingBy(alert))},
	})
	return err
}

func (l *Ledger) readKept(found item, alert string) Kept {
	k := Kept{Texts: map[string]string{}}
	for _, attribute := range slices.Sorted(maps.Keys(found)) {
		if name, ok := strings.CutPrefix(attribute, attrKept); ok {
			k.Texts[name] = readText(found, attribute)
		}
		if name, ok := strings.CutPrefix(attribute, attrPending); ok && found[attrKept+name] == nil {
			value := readText(found, attribute)
			until, err := strconv.ParseInt(value[strings.LastIndexByte(value, ' ')+1:], 10, 64)
			if err == nil && until > l.now().Unix() && !strings.HasPrefix(value, pendingBy(alert)) {
				k.Pending = append(k.Pending, name)
			}
		}
	}
	return k
}
