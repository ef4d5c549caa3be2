package functions_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
)

// tables is a double of DynamoDB for the ledger's calls about one item. A long run needs it: an alert and
// what follows it make 20 calls, and the emulator takes 5 ms for one. A short run gives each call to both,
// and fails where their answers differ.
type tables struct {
	t  *testing.T
	mu sync.Mutex

	items map[string]attributes // by table and id
}

type (
	attributes map[string]value
	// value is an attribute's, such as {"S": "text"}.
	value map[string]any
)

// answer answers a call in place of the emulator.
func (d *tables) answer(c awstest.Call, _ func() awstest.Response) awstest.Response {
	status, body := d.do(c)
	return awstest.Response{Status: status, Body: body, Header: http.Header{
		"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Crc32": {fmt.Sprint(crc32.ChecksumIEEE(body))},
	}}
}

// compare lets the emulator answer, and fails where its answer differs.
func (d *tables) compare(c awstest.Call, emulator func() awstest.Response) awstest.Response {
	r := emulator()
	if !slices.Contains([]string{"GetItem", "PutItem", "UpdateItem", "DeleteItem"}, c.Operation) {
		return r
	}
	status, body := d.do(c)
	if diff := gocmp.Diff(comparable(r.Body), comparable(body)); status != r.Status || diff != "" {
		d.t.Errorf("%s %s is answered %d by the emulator and %d by its double (-emulator +double):\n%s", c.Operation, c.Body, r.Status, status, diff)
	}
	return r
}

// comparable returns what the ledger reads of an answer.
func comparable(body []byte) any {
	var answer struct {
		Type             string `json:"__type"`
		Item, Attributes attributes
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return string(body)
	}
	for _, all := range []attributes{answer.Item, answer.Attributes} {
		for _, v := range all {
			if set, ok := v["SS"].([]any); ok { // A set has no order.
				slices.SortFunc(set, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
	}
	if len(answer.Item) == 0 {
		answer.Item = nil
	}
	if len(answer.Attributes) == 0 {
		answer.Attributes = nil
	}
	return answer
}

func (d *tables) do(c awstest.Call) (status int, body []byte) {
	var in struct {
		TableName                             string
		Key, Item                             attributes
		ConditionExpression, UpdateExpression string
		ExpressionAttributeNames              map[string]string
		ExpressionAttributeValues             attributes
		ReturnValues                          string
		OnFailure                             string `json:"ReturnValuesOnConditionCheckFailure"`
	}
	if err := json.Unmarshal(c.Body, &in); err != nil {
		d.t.Errorf("%s %s: %v", c.Operation, c.Body, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := in.Key
	if c.Operation == "PutItem" {
		key = in.Item
	}
	id := fmt.Sprint(in.TableName, " ", key["id"]["S"])
	old := d.items[id]
	answer := map[string]any{}
	e := expression{names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, item: old}
	if in.ConditionExpression != "" && !e.holds(in.ConditionExpression) {
		answer["__type"], answer["message"] = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "The conditional request failed"
		if in.OnFailure == "ALL_OLD" && old != nil {
			answer["Item"] = old
		}
		body, _ = json.Marshal(answer) // What was decoded can be encoded.
		return http.StatusBadRequest, body
	}
	switch c.Operation {
	case "GetItem":
		if old != nil {
			answer["Item"] = old
		}
	case "PutItem":
		d.items[id] = in.Item
	case "UpdateItem":
		d.items[id] = e.updated(in.UpdateExpression, key)
	case "DeleteItem":
		delete(d.items, id)
	default:
		d.t.Errorf("the double of DynamoDB does not know %s", c.Operation)
	}
	switch {
	case in.ReturnValues == "ALL_OLD" && old != nil:
		answer["Attributes"] = old
	case in.ReturnValues == "ALL_NEW":
		answer["Attributes"] = d.items[id]
	}
	body, _ = json.Marshal(answer)
	return http.StatusOK, body
}
