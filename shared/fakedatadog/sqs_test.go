package fakedatadog_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// sqsCall calls SQS on the redelivery queue.
func sqsCall(t *testing.T, s *fakedatadog.Server, operation, body string) response {
	t.Helper()
	return aws10(t, s, "AmazonSQS."+operation, `{"QueueUrl":"`+fakedatadog.QueueURL(fakedatadog.RedeliveryQueue)+`",`+strings.TrimPrefix(body, "{"))
}

// visibilityTimeout is that of template.yaml.
const visibilityTimeout = 6 * time.Minute

type received struct {
	Messages []struct {
		MessageId, ReceiptHandle, Body string //nolint:revive // AWS's own names.
		Attributes                     map[string]string
		MessageAttributes              map[string]struct{ StringValue string }
	}
}

// receives returns the messages that are due, with all that is known of them.
func receives(t *testing.T, s *fakedatadog.Server) received {
	t.Helper()
	return decode[received](t, sqsCall(t, s, "ReceiveMessage",
		`{"MaxNumberOfMessages":10,"MessageSystemAttributeNames":["All"],"MessageAttributeNames":["All"]}`).mustBe(t, http.StatusOK).body)
}

func (r received) bodies() []string {
	bodies := []string{}
	for _, m := range r.Messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func mustReceive(t *testing.T, s *fakedatadog.Server, want ...string) received {
	t.Helper()
	got := receives(t, s)
	if diff := cmp.Diff(append([]string{}, want...), got.bodies()); diff != "" {
		t.Fatalf("received (-want +got):\n%s", diff)
	}
	return got
}

func newQueue(t *testing.T, bodies ...string) (*fakedatadog.Server, *watch) {
	t.Helper()
	clock := newWatch()
	s := fakedatadog.New(fakedatadog.Options{Now: clock.Now})
	for _, b := range bodies {
		sqsCall(t, s, "SendMessage", fmt.Sprintf(`{"MessageBody":%q}`, b)).mustBe(t, http.StatusOK)
	}
	return s, clock
}

// Both sums were computed apart from the stand-in.
func TestSQS_Send(t *testing.T) {
	s, _ := newQueue(t)
	got := decode[map[string]string](t, sqsCall(t, s, "SendMessage",
		`{"MessageBody":"This is a test message","MessageAttributes":{"n":{"DataType":"Number","StringValue":"1"},"key":{"DataType":"String","StringValue":"v"}}}`).body)
	want := map[string]string{
		"MessageId":              "00000000-0000-4000-8000-000000000001",
		"MD5OfMessageBody":       "fafb00f5732ab283681e124bf8747ed1",
		"MD5OfMessageAttributes": "379c1ecd4b9a4e182bfee69933b331ad",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	m := mustReceive(t, s, "This is a test message").Messages[0]
	if m.MessageAttributes["key"].StringValue != "v" || m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["SentTimestamp"] != "1773489600000" {
		t.Errorf("received %+v", m)
	}
}

func TestSQS_Receive(t *testing.T) {
	t.Run("a delayed message comes when its delay is over", func(t *testing.T) {
		s, clock := newQueue(t)
		sqsCall(t, s, "SendMessage", `{"MessageBody":"a","DelaySeconds":20}`).mustBe(t, 200)
		clock.advance(20*time.Second - 1)
		mustReceive(t, s)
		clock.advance(1)
		mustReceive(t, s, "a")
	})
	t.Run("a received message is hidden, comes again and is counted", func(t *testing.T) {
		s, clock := newQueue(t, "a")
		mustReceive(t, s, "a")
		clock.advance(visibilityTimeout - 1)
		mustReceive(t, s)
		clock.advance(1)
		if n := mustReceive(t, s, "a").Messages[0].Attributes["ApproximateReceiveCount"]; n != "2" {
			t.Errorf("received %s times", n)
		}
	})
	t.Run("a message that came too often is a dead letter", func(t *testing.T) {
		s, clock := newQueue(t, "a")
		for range 11 {
			mustReceive(t, s, "a")
			clock.advance(visibilityTimeout)
		}
		mustReceive(t, s)
		dead := s.Messages(fakedatadog.DeadLetterQueue)
		if len(dead) != 1 || dead[0].Body != "a" || len(s.Messages(fakedatadog.RedeliveryQueue)) != 0 {
			t.Errorf("dead letters %+v", dead)
		}
	})
	t.Run("no more come than are asked for", func(t *testing.T) {
		s, _ := newQueue(t, "a", "b")
		one := decode[received](t, sqsCall(t, s, "ReceiveMessage", `{"MaxNumberOfMessages":1}`).body)
		if diff := cmp.Diff([]string{"a"}, one.bodies()); diff != "" || one.Messages[0].Attributes != nil {
			t.Errorf("received %+v", one)
		}
		mustReceive(t, s, "b")
	})
	t.Run("the caller's own visibility timeout counts", func(t *testing.T) {
		s, _ := newQueue(t, "a")
		sqsCall(t, s, "ReceiveMessage", `{"VisibilityTimeout":0}`).mustBe(t, 200)
		mustReceive(t, s, "a")
	})
}

func TestSQS_Delete(t *testing.T) {
	t.Run("a deleted message is gone, and to delete it again is no error", func(t *testing.T) {
		s, clock := newQueue(t, "a")
		receipt := mustReceive(t, s, "a").Messages[0].ReceiptHandle
		for range 2 {
			sqsCall(t, s, "DeleteMessage", fmt.Sprintf(`{"ReceiptHandle":%q}`, receipt)).mustBe(t, 200)
		}
		clock.advance(time.Hour)
		mustReceive(t, s)
	})
	t.Run("a receipt of an earlier delivery deletes nothing", func(t *testing.T) {
		s, clock := newQueue(t, "a")
		stale := mustReceive(t, s, "a").Messages[0].ReceiptHandle
		clock.advance(visibilityTimeout)
		mustReceive(t, s, "a")
		sqsCall(t, s, "DeleteMessage", fmt.Sprintf(`{"ReceiptHandle":%q}`, stale)).mustBe(t, 200)
		clock.advance(visibilityTimeout)
		mustReceive(t, s, "a")
	})
	t.Run("a batch deletes the good ones and names the bad", func(t *testing.T) {
		s, clock := newQueue(t, "a", "b")
		got := mustReceive(t, s, "a", "b")
		answer := sqsCall(t, s, "DeleteMessageBatch", fmt.Sprintf(
			`{"Entries":[{"Id":"0","ReceiptHandle":%q},{"Id":"1","ReceiptHandle":"nonsense"}]}`, got.Messages[0].ReceiptHandle)).mustBe(t, 200)
		if !strings.Contains(answer.body, `"Successful":[{"Id":"0"}]`) || !strings.Contains(answer.body, `"Code":"ReceiptHandleIsInvalid","Id":"1"`) {
			t.Errorf("answer %s", answer.body)
		}
		clock.advance(time.Hour)
		mustReceive(t, s, "b")
	})
}

func TestSQS_ChangeVisibility(t *testing.T) {
	s, clock := newQueue(t, "a")
	change := func(receipt string, seconds int) response {
		return sqsCall(t, s, "ChangeMessageVisibility", fmt.Sprintf(`{"ReceiptHandle":%q,"VisibilityTimeout":%d}`, receipt, seconds))
	}
	receipt := mustReceive(t, s, "a").Messages[0].ReceiptHandle
	change(receipt, 0).mustBe(t, 200)
	receipt = mustReceive(t, s, "a").Messages[0].ReceiptHandle
	change(receipt, 3600).mustBe(t, 200)
	clock.advance(time.Hour - 1)
	mustReceive(t, s)
	clock.advance(1)
	change(receipt, 60).mustRefuse(t, "MessageNotInflight", "in flight")
}

func TestSQS_Attributes(t *testing.T) {
	s, _ := newQueue(t, "a", "b")
	sqsCall(t, s, "SendMessage", `{"MessageBody":"c","DelaySeconds":900}`).mustBe(t, 200)
	sqsCall(t, s, "ReceiveMessage", `{"MaxNumberOfMessages":1}`).mustBe(t, 200)
	got := decode[struct{ Attributes map[string]string }](t, sqsCall(t, s, "GetQueueAttributes", `{"AttributeNames":["All"]}`).body)
	want := map[string]string{
		"QueueArn":                              "arn:aws:sqs:us-east-1:123456789012:boomerang-redelivery",
		"ApproximateNumberOfMessages":           "1",
		"ApproximateNumberOfMessagesNotVisible": "1",
		"ApproximateNumberOfMessagesDelayed":    "1",
		"VisibilityTimeout":                     "360",
		"MaximumMessageSize":                    "262144",
		"DelaySeconds":                          "0",
		"RedrivePolicy":                         `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:boomerang-dead-letters","maxReceiveCount":11}`,
	}
	if diff := cmp.Diff(want, got.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestSQS_Refusals(t *testing.T) {
	for name, c := range map[string]struct{ operation, body, kind, says string }{
		"an empty body":                  {"SendMessage", `{"MessageBody":""}`, "MissingParameter", "MessageBody"},
		"a character that XML lacks":     {"SendMessage", `{"MessageBody":"\u0001"}`, "InvalidMessageContents", "#x10FFFF"},
		"a body that is too long":        {"SendMessage", `{"MessageBody":"` + strings.Repeat("b", 262_145) + `"}`, "InvalidParameterValue", "262144"},
		"attributes count as well":       {"SendMessage", `{"MessageBody":"` + strings.Repeat("b", 262_140) + `","MessageAttributes":{"a":{"DataType":"String","StringValue":"b"}}}`, "InvalidParameterValue", "262144"},
		"a delay that is too long":       {"SendMessage", `{"MessageBody":"b","DelaySeconds":901}`, "InvalidParameterValue", "<= 900"},
		"an empty attribute":             {"SendMessage", `{"MessageBody":"b","MessageAttributes":{"a":{"DataType":"String"}}}`, "InvalidParameterValue", "non-empty"},
		"an attribute of bytes":          {"SendMessage", `{"MessageBody":"b","MessageAttributes":{"a":{"DataType":"Binary"}}}`, "InvalidParameterValue", "Binary"},
		"what only FIFO queues have":     {"SendMessage", `{"MessageBody":"b","MessageGroupId":"g"}`, "InvalidParameterValue", "MessageGroupId"},
		"eleven messages":                {"ReceiveMessage", `{"MaxNumberOfMessages":11}`, "InvalidParameterValue", "between 1 and 10"},
		"a long poll":                    {"ReceiveMessage", `{"WaitTimeSeconds":20}`, "InvalidParameterValue", "does not wait"},
		"a receipt that is none":         {"DeleteMessage", `{"ReceiptHandle":"x"}`, "ReceiptHandleIsInvalid", "invalid"},
		"an empty batch":                 {"DeleteMessageBatch", `{"Entries":[]}`, "EmptyBatchRequest", "at least one"},
		"a batch with an id twice":       {"DeleteMessageBatch", `{"Entries":[{"Id":"1","ReceiptHandle":"a"},{"Id":"1","ReceiptHandle":"b"}]}`, "BatchEntryIdsNotDistinct", "same Id"},
		"an attribute that nobody knows": {"GetQueueAttributes", `{"AttributeNames":["Colour"]}`, "InvalidAttributeName", "Colour"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newQueue(t, "a")
			sqsCall(t, s, c.operation, c.body).mustRefuse(t, c.kind, c.says)
			mustReceive(t, s, "a")
		})
	}
	t.Run("another queue", func(t *testing.T) {
		aws10(t, newServer(), "AmazonSQS.SendMessage", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/other","MessageBody":"b"}`).
			mustRefuse(t, "QueueDoesNotExist", "does not exist")
	})
}
