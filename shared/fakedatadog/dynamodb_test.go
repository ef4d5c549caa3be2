package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// aws10 calls an operation of an AWS service without a network.
func aws10(t *testing.T, s *fakedatadog.Server, target, body string) response {
	t.Helper()
	header := http.Header{"X-Amz-Target": {target}, "Authorization": {"AWS4-HMAC-SHA256 x"}}
	return askWith(t, s, header, http.MethodPost, "/", body)
}

// dynamo calls DynamoDB with the name of the table filled in.
func dynamo(t *testing.T, s *fakedatadog.Server, operation, body string) response {
	t.Helper()
	return aws10(t, s, "DynamoDB_20120810."+operation, `{"TableName":"`+fakedatadog.LedgerTable+`",`+strings.TrimPrefix(body, "{"))
}

func (r response) mustRefuse(t *testing.T, kind, says string) {
	t.Helper()
	refused := decode[struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}](t, r.mustBe(t, http.StatusBadRequest).body)
	if !strings.HasSuffix(refused.Type, "#"+kind) || !strings.Contains(refused.Message, says) {
		t.Errorf("refused with %s %q, want %s %q", refused.Type, refused.Message, kind, says)
	}
}

// An item of every type, which the conditions and the updates below are tried on.
const anItem = `{"id":{"S":"1"},"text":{"S":"abc"},"n":{"N":"7"},"yes":{"BOOL":true},"set":{"SS":["b","a"]}}`

func tableWith(t *testing.T, items ...string) *fakedatadog.Server {
	t.Helper()
	s := newServer()
	for _, i := range items {
		dynamo(t, s, "PutItem", `{"Item":`+i+`}`).mustBe(t, http.StatusOK)
	}
	return s
}

func TestDynamoDB_Conditions(t *testing.T) {
	const values = `{":abc":{"S":"abc"},":ab":{"S":"ab"},":b":{"S":"b"},":7":{"N":"7"},":07":{"N":"07"},":9":{"N":"9"},":10":{"N":"10"},":2":{"N":"2"},":yes":{"BOOL":true},":set":{"SS":["a","b"]}}`
	for condition, want := range map[string]bool{
		"attribute_exists(n)":                    true,
		"attribute_exists(nowhere)":              false,
		"attribute_not_exists(nowhere)":          true,
		"attribute_not_exists(id)":               false,
		"#text = :abc":                           true,
		"#text = :ab":                            false,
		"n = :07":                                true,
		"#text = :7":                             false,
		"yes = :yes":                             true,
		"#set = :set":                            true,
		"nowhere = :7":                           false,
		"nowhere < :7":                           false,
		":7 = n":                                 true,
		"n < :9":                                 true,
		"n < :10":                                true,
		"n < :7":                                 false,
		"#text < :b":                             true,
		"n < :b":                                 false,
		"begins_with(#text, :ab)":                true,
		"begins_with(#text, :b)":                 false,
		"begins_with(nowhere, :b)":               false,
		"contains(#set, :b)":                     true,
		"contains(#set, :ab)":                    false,
		"contains(#text, :b)":                    true,
		"contains(nowhere, :b)":                  false,
		"size(#set) = :2":                        true,
		"size(#set) < :2":                        false,
		"size(nowhere) < :2":                     false,
		"n = :7 AND n = :9":                      false,
		"n = :9 OR n = :7":                       true,
		"n = :7 OR n = :9 AND n = :10":           true,
		"(n = :7 OR n = :9) AND n = :10":         false,
		"n = :9 or attribute_exists(n)and(n=:7)": true,
		"attribute_not_exists(id) OR (n < :9 AND yes = :yes)": true,
	} {
		t.Run(condition, func(t *testing.T) {
			s := tableWith(t, anItem)
			got := dynamo(t, s, "DeleteItem", fmt.Sprintf(
				`{"Key":{"id":{"S":"1"}},"ConditionExpression":%q,"ExpressionAttributeNames":%s,"ExpressionAttributeValues":%s}`,
				condition, used(condition, `{"#text":"text","#set":"set"}`), used(condition, values)))
			if !want {
				got.mustRefuse(t, "ConditionalCheckFailedException", "The conditional request failed")
			}
			if want != (len(s.Items()) == 0) || want != (got.status == http.StatusOK) {
				t.Errorf("answer %d %s", got.status, got.body)
			}
		})
	}
}

// used returns those placeholders that stand in the expression, for DynamoDB
// refuses the others.
func used(expression, placeholders string) string {
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(placeholders), &all); err != nil {
		panic(err)
	}
	words := strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune(" ,()=<", r) })
	kept := map[string]json.RawMessage{}
	for _, w := range words {
		if v, ok := all[w]; ok {
			kept[w] = v
		}
	}
	out, err := json.Marshal(kept)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestDynamoDB_Updates(t *testing.T) {
	const values = `{":x":{"S":"x"},":1":{"N":"1"},":cd":{"SS":["c","d"]},":bc":{"SS":["c","b"]},":ab":{"SS":["a","b"]}}`
	whole := map[string]any{"id": "1", "text": "abc", "n": json.Number("7"), "yes": true, "set": []string{"a", "b"}}
	for update, changed := range map[string]map[string]any{
		"SET fresh = :x":                     {"fresh": "x"},
		"SET #text = :x, n = :1":             {"text": "x", "n": json.Number("1")},
		"ADD n :1":                           {"n": json.Number("8")},
		"ADD fresh :1":                       {"fresh": json.Number("1")},
		"ADD #set :bc":                       {"set": []string{"a", "b", "c"}},
		"ADD fresh :cd":                      {"fresh": []string{"c", "d"}},
		"DELETE #set :bc":                    {"set": []string{"a"}},
		"DELETE #set :ab":                    {"set": nil},
		"DELETE nowhere :ab":                 {},
		"REMOVE #text, nowhere":              {"text": nil},
		"set n = :1 remove yes add #set :cd": {"n": json.Number("1"), "yes": nil, "set": []string{"a", "b", "c", "d"}},
	} {
		t.Run(update, func(t *testing.T) {
			s := tableWith(t, anItem)
			dynamo(t, s, "UpdateItem", fmt.Sprintf(
				`{"Key":{"id":{"S":"1"}},"UpdateExpression":%q,"ExpressionAttributeNames":%s,"ExpressionAttributeValues":%s}`,
				update, used(update, `{"#text":"text","#set":"set"}`), used(update, values))).mustBe(t, http.StatusOK)
			want := map[string]any{}
			for name, v := range whole {
				want[name] = v
			}
			for name, v := range changed {
				if want[name] = v; v == nil {
					delete(want, name)
				}
			}
			if diff := cmp.Diff([]map[string]any{want}, s.Items()); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("an item that is not there is made", func(t *testing.T) {
		s := newServer()
		got := dynamo(t, s, "UpdateItem", `{"Key":{"id":{"S":"2"}},"UpdateExpression":"ADD n :1","ExpressionAttributeValues":{":1":{"N":"1"}},"ReturnValues":"ALL_NEW"}`)
		if want := `{"Attributes":{"id":{"S":"2"},"n":{"N":"1"}}}` + "\n"; got.body != want {
			t.Errorf("got %s, want %s", got.body, want)
		}
	})
}

// Whatever the stand-in does not know it refuses, because a test that passes on
// an ignored condition proves nothing.
func TestDynamoDB_Refusals(t *testing.T) {
	key := `{"Key":{"id":{"S":"1"}},`
	for name, c := range map[string]struct{ operation, body, says string }{
		"a comparison that the ledger never makes": {"DeleteItem", key + `"ConditionExpression":"n >= :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, "token"},
		"a function that the ledger never calls":   {"DeleteItem", key + `"ConditionExpression":"attribute_type(n, :1)","ExpressionAttributeValues":{":1":{"N":"1"}}}`, "attribute_type"},
		"NOT":                                      {"DeleteItem", key + `"ConditionExpression":"NOT attribute_exists(n)"}`, "reserved keyword: NOT"},
		"a reserved word":                          {"DeleteItem", key + `"ConditionExpression":"attribute_exists(status)"}`, "reserved keyword: status"},
		"a path into an attribute":                 {"DeleteItem", key + `"ConditionExpression":"attribute_exists(a.b)"}`, `token: "."`},
		"half a condition":                         {"DeleteItem", key + `"ConditionExpression":"attribute_exists(n) AND"}`, "<EOF>"},
		"an open parenthesis":                      {"DeleteItem", key + `"ConditionExpression":"(attribute_exists(n)"}`, "<EOF>"},
		"more after the end":                       {"DeleteItem", key + `"ConditionExpression":"attribute_exists(n))"}`, `token: ")"`},
		"an undefined value":                       {"DeleteItem", key + `"ConditionExpression":"n = :no"}`, "not defined; attribute value: :no"},
		"an undefined name":                        {"DeleteItem", key + `"ConditionExpression":"attribute_exists(#no)"}`, "not defined; attribute name: #no"},
		"an unused value":                          {"DeleteItem", key + `"ExpressionAttributeValues":{":1":{"N":"1"}}}`, "unused in expressions: keys: {:1}"},
		"an unused name":                           {"DeleteItem", key + `"ExpressionAttributeNames":{"#n":"n"}}`, "unused in expressions: keys: {#n}"},
		"an order of sets":                         {"DeleteItem", key + `"ConditionExpression":"#s < :s","ExpressionAttributeNames":{"#s":"set"},"ExpressionAttributeValues":{":s":{"SS":["a"]}}}`, "SS"},
		"the size of a text":                       {"DeleteItem", key + `"ConditionExpression":"size(#t) = :1","ExpressionAttributeNames":{"#t":"text"},"ExpressionAttributeValues":{":1":{"N":"1"}}}`, "size of sets"},
		"a member that nobody sends":               {"DeleteItem", key + `"Expected":{}}`, "Expected"},
		"new values of what is deleted":            {"DeleteItem", key + `"ReturnValues":"ALL_NEW"}`, "ALL_OLD or NONE"},
		"some of the new values":                   {"UpdateItem", key + `"UpdateExpression":"REMOVE n","ReturnValues":"UPDATED_NEW"}`, "UPDATED_NEW"},
		"arithmetic":                               {"UpdateItem", key + `"UpdateExpression":"SET n = n + :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, `token: "n"`},
		"a clause twice":                           {"UpdateItem", key + `"UpdateExpression":"REMOVE n REMOVE yes"}`, "only be used once"},
		"an attribute twice":                       {"UpdateItem", key + `"UpdateExpression":"SET n = :1 REMOVE n","ExpressionAttributeValues":{":1":{"N":"1"}}}`, "overlap"},
		"the key":                                  {"UpdateItem", key + `"UpdateExpression":"REMOVE id"}`, "part of the key"},
		"no update":                                {"UpdateItem", key + `"UpdateExpression":""}`, "token"},
		"a number to a set":                        {"UpdateItem", key + `"UpdateExpression":"ADD #s :1","ExpressionAttributeNames":{"#s":"set"},"ExpressionAttributeValues":{":1":{"N":"1"}}}`, "incorrect data type"},
		"a text to a number":                       {"UpdateItem", key + `"UpdateExpression":"ADD n :t","ExpressionAttributeValues":{":t":{"S":"1"}}}`, "operand type: S"},
		"an item without its key":                  {"PutItem", `{"Item":{"n":{"N":"1"}}}`, "Missing the key id"},
		"a key of another type":                    {"PutItem", `{"Item":{"id":{"N":"1"}}}`, "Type mismatch"},
		"an empty key":                             {"PutItem", `{"Item":{"id":{"S":""}}}`, "empty string"},
		"a key that is too long":                   {"PutItem", `{"Item":{"id":{"S":"` + strings.Repeat("k", 2049) + `"}}}`, "2048"},
		"an item that is too large":                {"PutItem", `{"Item":{"id":{"S":"1"},"t":{"S":"` + strings.Repeat("t", 410_000) + `"}}}`, "Item size"},
		"an empty set":                             {"PutItem", `{"Item":{"id":{"S":"1"},"s":{"SS":[]}}}`, "may not be empty"},
		"a set with a member twice":                {"PutItem", `{"Item":{"id":{"S":"1"},"s":{"SS":["a","a"]}}}`, "duplicates"},
		"a type that nobody uses":                  {"PutItem", `{"Item":{"id":{"S":"1"},"l":{"L":[]}}}`, "type L"},
		"a fraction":                               {"PutItem", `{"Item":{"id":{"S":"1"},"n":{"N":"1.5"}}}`, "whole numbers"},
		"a key with more than the key":             {"GetItem", `{"Key":{"id":{"S":"1"},"n":{"N":"1"}}}`, "does not match the schema"},
		"a projection":                             {"GetItem", `{"Key":{"id":{"S":"1"}},"ProjectionExpression":"n"}`, "ProjectionExpression"},
		"what is no JSON":                          {"GetItem", `{"Key"`, "cannot take this request"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tableWith(t, anItem)
			before := s.Items()
			dynamo(t, s, c.operation, c.body).mustRefuse(t, "ValidationException", c.says)
			if diff := cmp.Diff(before, s.Items()); diff != "" {
				t.Errorf("it changed the table (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("another table", func(t *testing.T) {
		aws10(t, newServer(), "DynamoDB_20120810.GetItem", `{"TableName":"other","Key":{"id":{"S":"1"}}}`).
			mustRefuse(t, "ResourceNotFoundException", "not found")
	})
	t.Run("an operation that nobody calls", func(t *testing.T) {
		dynamo(t, newServer(), "Scan", `{}`).mustBe(t, http.StatusBadRequest)
	})
}

func TestDynamoDB_Answers(t *testing.T) {
	s := tableWith(t, anItem)
	t.Run("a failed condition shows the old item when it is asked for", func(t *testing.T) {
		const condition = `"Item":{"id":{"S":"1"}},"ConditionExpression":"attribute_not_exists(id)"`
		with := dynamo(t, s, "PutItem", `{`+condition+`,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`).mustBe(t, http.StatusBadRequest)
		without := dynamo(t, s, "PutItem", `{`+condition+`}`).mustBe(t, http.StatusBadRequest)
		if !strings.Contains(with.body, `"Item":{"id":{"S":"1"},"n":{"N":"7"},"set":{"SS":["a","b"]},"text":{"S":"abc"},"yes":{"BOOL":true}}`) || strings.Contains(without.body, "Item") {
			t.Errorf("with %s, without %s", with.body, without.body)
		}
	})
	t.Run("an item that is there and one that is not", func(t *testing.T) {
		got := dynamo(t, s, "GetItem", `{"Key":{"id":{"S":"1"}},"ConsistentRead":true}`)
		if !strings.Contains(got.body, `"text":{"S":"abc"}`) {
			t.Errorf("got %s", got.body)
		}
		if got := dynamo(t, s, "GetItem", `{"Key":{"id":{"S":"2"}}}`); got.body != "{}\n" {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("a batch has those that are there", func(t *testing.T) {
		got := aws10(t, s, "DynamoDB_20120810.BatchGetItem", `{"RequestItems":{"boomerang-ledger":{"Keys":[{"id":{"S":"1"}},{"id":{"S":"2"}}]}}}`).mustBe(t, 200)
		if !strings.HasPrefix(got.body, `{"Responses":{"boomerang-ledger":[{"id":{"S":"1"}`) || strings.Contains(got.body, `"2"`) {
			t.Errorf("got %s", got.body)
		}
		aws10(t, s, "DynamoDB_20120810.BatchGetItem", `{"RequestItems":{"boomerang-ledger":{"Keys":[{"id":{"S":"1"}},{"id":{"S":"1"}}]}}}`).
			mustRefuse(t, "ValidationException", "duplicates")
	})
	t.Run("the checksum and the media type are the SDK's to check", func(t *testing.T) {
		got := dynamo(t, s, "GetItem", `{"Key":{"id":{"S":"1"}}}`)
		want := strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(got.body))), 10)
		if got.header.Get("X-Amz-Crc32") != want || got.header.Get("Content-Type") != "application/x-amz-json-1.0" {
			t.Errorf("header %v", got.header)
		}
	})
	t.Run("a fault names the permission that is missing", func(t *testing.T) {
		if err := s.Inject(fakedatadog.DynamoDBPut, fakedatadog.Forbidden, 1); err != nil {
			t.Fatal(err)
		}
		if got := dynamo(t, s, "PutItem", `{"Item":`+anItem+`}`); !strings.Contains(got.body, "dynamodb:PutItem") {
			t.Errorf("got %s", got.body)
		}
	})
}

func TestDynamoDB_ChangesOneItemAtATime(t *testing.T) {
	s := newServer()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			dynamo(t, s, "UpdateItem", `{"Key":{"id":{"S":"1"}},"UpdateExpression":"ADD n :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`)
		})
	}
	all.Wait()
	if got := s.Items()[0]["n"]; got != json.Number("50") {
		t.Errorf("50 additions make %v", got)
	}
}
