package fakeaws

import (
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DynamoDB's calls, as far as the ledger makes them.
const (
	DynamoDBPut      = "dynamodb.put"
	DynamoDBUpdate   = "dynamodb.update"
	DynamoDBDelete   = "dynamodb.delete"
	DynamoDBGet      = "dynamodb.get"
	DynamoDBBatchGet = "dynamodb.batch_get"
)

// LedgerTable is the one table that there is. Its partition key is the string
// "id". Nothing expires in it: DynamoDB's own TTL deletes up to days late, so
// nobody may rely on it.
const LedgerTable = "boomerang-ledger"

const keyAttribute = "id"

// The limits of a key, an item and a batch
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
const (
	maxKeyBytes  = 2048
	maxItemBytes = 400 << 10
	maxBatchKeys = 100
)

// dynamoDB is its protocol
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html).
var dynamoDB = protocol{
	target:  "DynamoDB_20120810",
	service: "dynamodb",
	shapes:  "com.amazonaws.dynamodb.v20120810#",
	invalid: "com.amazon.coral.validate#ValidationException",
}

// table holds items by their key. Each call is one step under the server's lock,
// as DynamoDB's is for one item.
type table struct{ items map[string]item }

// item is an item's attributes by name.
type item map[string]value

func (t *table) operations() []Operation {
	calls := []struct {
		name      string
		operation string
		handle    func(call) Answer
	}{
		{DynamoDBPut, "PutItem", operation(dynamoDB, t.put)},
		{DynamoDBUpdate, "UpdateItem", operation(dynamoDB, t.update)},
		{DynamoDBDelete, "DeleteItem", operation(dynamoDB, t.delete)},
		{DynamoDBGet, "GetItem", operation(dynamoDB, t.get)},
		{DynamoDBBatchGet, "BatchGetItem", operation(dynamoDB, t.batchGet)},
	}
	operations := make([]Operation, len(calls))
	for i, c := range calls {
		operations[i] = Operation{
			Name: c.name, Target: dynamoDB.target + "." + c.operation,
			handle: func(in call) Answer { return withChecksum(c.handle(in)) },
		}
	}
	return operations
}

// withChecksum adds the checksum by which the SDK finds a body that was spoilt on
// its way.
func withChecksum(a Answer) Answer {
	return a.with(map[string]string{"X-Amz-Crc32": strconv.FormatUint(uint64(crc32.ChecksumIEEE(a.Body)), 10)})
}

// Items returns what the ledger's table holds, ordered by id: text as string, numbers
// as json.Number, sets as []string.
func (s *Services) Items() []map[string]any {
	items := make([]map[string]any, 0, len(s.ledger.items))
	for _, id := range slices.Sorted(maps.Keys(s.ledger.items)) {
		shown := map[string]any{}
		for name, v := range s.ledger.items[id] {
			shown[name] = v.shown()
		}
		items = append(items, shown)
	}
	return items
}

// writeRequest is what the three writes have in common.
type writeRequest struct {
	TableName                           string
	ConditionExpression                 string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           map[string]value
	ReturnValues                        string
	ReturnValuesOnConditionCheckFailure string
}

type putRequest struct {
	writeRequest
	Item item
}

type updateRequest struct {
	writeRequest
	Key              item
	UpdateExpression string
}

type deleteRequest struct {
	writeRequest
	Key item
}

var errNoNewValues = errors.New("ReturnValues can only be ALL_OLD or NONE")

func (t *table) put(in putRequest, _ time.Time) (any, error) {
	id, err := in.Item.id()
	if err != nil {
		return nil, err
	}
	if in.ReturnValues == "ALL_NEW" {
		return nil, errNoNewValues
	}
	return t.write(in.writeRequest, id, func(*expressions) (change, error) {
		return func(item) (item, error) { return in.Item, nil }, nil
	})
}

func (t *table) delete(in deleteRequest, _ time.Time) (any, error) {
	id, err := in.Key.onlyID()
	if err != nil {
		return nil, err
	}
	if in.ReturnValues == "ALL_NEW" {
		return nil, errNoNewValues
	}
	return t.write(in.writeRequest, id, func(*expressions) (change, error) {
		return func(item) (item, error) { return nil, nil }, nil
	})
}

func (t *table) update(in updateRequest, _ time.Time) (any, error) {
	id, err := in.Key.onlyID()
	if err != nil {
		return nil, err
	}
	return t.write(in.writeRequest, id, func(x *expressions) (change, error) {
		apply, err := x.update(in.UpdateExpression)
		return func(old item) (item, error) {
			if old == nil {
				old = in.Key
			}
			return apply(maps.Clone(old))
		}, err
	})
}

// change makes the new item of the old one, which is nil when there is none; a
// nil result is no item.
type change func(old item) (item, error)

// write checks the condition against the old item, and only then changes it. The
// expressions are read first, so that a wrong one fails whatever the item is like.
func (t *table) write(in writeRequest, id string, parse func(*expressions) (change, error)) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := checkTable(in.TableName); err != nil {
		return nil, err
	}
	x := &expressions{names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues}
	holds, err := x.condition(in.ConditionExpression)
	if err != nil {
		return nil, err
	}
	apply, err := parse(x)
	if err != nil {
		return nil, err
	}
	if err := x.allUsed(); err != nil {
		return nil, err
	}
	old := t.items[id]
	if isMet := holds(old); x.err != nil {
		return nil, x.err
	} else if !isMet {
		return nil, in.conditionFailed(old)
	}
	changed, err := apply(old)
	if err != nil {
		return nil, err
	}
	if err := t.store(id, changed); err != nil {
		return nil, err
	}
	return in.returned(old, changed), nil
}

func (t *table) store(id string, i item) error {
	if i == nil {
		delete(t.items, id)
		return nil
	}
	if i.bytes() > maxItemBytes {
		return errors.New("Item size has exceeded the maximum allowed size")
	}
	if t.items == nil {
		t.items = map[string]item{}
	}
	t.items[id] = i
	return nil
}

// check refuses what the stand-in could not return.
func (in writeRequest) check() error {
	if !slices.Contains([]string{"", "NONE", "ALL_OLD", "ALL_NEW"}, in.ReturnValues) {
		return fmt.Errorf("the stand-in does not know ReturnValues %q", in.ReturnValues)
	}
	if !slices.Contains([]string{"", "NONE", "ALL_OLD"}, in.ReturnValuesOnConditionCheckFailure) {
		return fmt.Errorf("ReturnValuesOnConditionCheckFailure cannot be %q", in.ReturnValuesOnConditionCheckFailure)
	}
	return nil
}

func (in writeRequest) conditionFailed(old item) error {
	r := refusal{kind: dynamoDB.shapes + "ConditionalCheckFailedException", message: "The conditional request failed"}
	if in.ReturnValuesOnConditionCheckFailure == "ALL_OLD" && old != nil {
		r.more = map[string]any{"Item": old}
	}
	return r
}

func (in writeRequest) returned(old, changed item) any {
	shown := map[string]item{}
	switch {
	case in.ReturnValues == "ALL_OLD" && old != nil:
		shown["Attributes"] = old
	case in.ReturnValues == "ALL_NEW" && changed != nil:
		shown["Attributes"] = changed
	}
	return shown
}

// checkTable accepts the table's name or its ARN.
func checkTable(name string) error {
	if name == LedgerTable || strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, ":table/"+LedgerTable) {
		return nil
	}
	return refusal{kind: dynamoDB.shapes + "ResourceNotFoundException", message: "Requested resource not found"}
}

// id returns the item's key.
func (i item) id() (string, error) {
	key, ok := i[keyAttribute]
	switch {
	case !ok:
		return "", fmt.Errorf("One or more parameter values were invalid: Missing the key %s in the item", keyAttribute)
	case key.kind != kindText:
		return "", fmt.Errorf("One or more parameter values were invalid: Type mismatch for key %s expected: S actual: %s", keyAttribute, key.kind)
	case key.text == "":
		return "", fmt.Errorf("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", keyAttribute)
	case len(key.text) > maxKeyBytes:
		return "", fmt.Errorf("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of%d bytes", maxKeyBytes)
	}
	return key.text, nil
}

func (i item) onlyID() (string, error) {
	if len(i) != 1 {
		return "", errors.New("The provided key element does not match the schema")
	}
	return i.id()
}

func (i item) bytes() int {
	n := 0
	for name, v := range i {
		n += len(name) + v.bytes()
	}
	return n
}

type getRequest struct {
	TableName      string
	Key            item
	ConsistentRead bool // It always is.
}

func (t *table) get(in getRequest, _ time.Time) (any, error) {
	if err := checkTable(in.TableName); err != nil {
		return nil, err
	}
	id, err := in.Key.onlyID()
	if found, ok := t.items[id]; err == nil && ok {
		return map[string]item{"Item": found}, nil
	}
	return struct{}{}, err
}

type batchGetRequest struct {
	RequestItems map[string]struct {
		Keys           []item
		ConsistentRead bool // It always is.
	}
}

func (t *table) batchGet(in batchGetRequest, _ time.Time) (any, error) {
	found, asked := map[string][]item{}, map[string]bool{}
	for name, of := range in.RequestItems {
		if err := checkTable(name); err != nil {
			return nil, err
		}
		found[name] = []item{}
		for _, key := range of.Keys {
			id, err := key.onlyID()
			if err != nil {
				return nil, err
			}
			if asked[id] {
				return nil, errors.New("Provided list of item keys contains duplicates")
			}
			asked[id] = true
			if i, ok := t.items[id]; ok {
				found[name] = append(found[name], i)
			}
		}
	}
	if len(asked) == 0 || len(asked) > maxBatchKeys {
		return nil, fmt.Errorf("a batch has from 1 to %d keys and not %d", maxBatchKeys, len(asked))
	}
	return map[string]any{"Responses": found, "UnprocessedKeys": struct{}{}}, nil
}
