package queue

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/shared/alert"
	"boomerang/shared/awstest"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

// env is a queue in the emulator.
type env struct {
	*Queue
	aws    *awstest.AWS
	client *sqs.Client
}

func newEnv(t *testing.T) env {
	server := awstest.New(t)
	client := sqs.NewFromConfig(server.Config(), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	return env{New(client, server.Queue(t, nil)), server, client}
}

// receive returns the messages that are visible.
func (e env) receive(t *testing.T) []types.Message {
	t.Helper()
	out, err := e.client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &e.url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

// delivers sends a message and returns it as it arrives.
func (e env) delivers(t *testing.T, m Message) types.Message {
	t.Helper()
	if err := e.Send(t.Context(), m, 0); err != nil {
		t.Fatal(err)
	}
	got := e.receive(t)
	if len(got) != 1 {
		t.Fatalf("received %d messages", len(got))
	}
	return got[0]
}

func TestQueue_Send(t *testing.T) {
	e := newEnv(t)
	t.Run("attributes", func(t *testing.T) {
		got := e.delivers(t, whole())
		same(t, "message", whole(), mustDecode(t, *got.Body))
		version, key := got.MessageAttributes["schema_version"], got.MessageAttributes["alert_key"]
		same(t, "version", []string{"Number", "1"}, []string{*version.DataType, *version.StringValue})
		same(t, "key", []string{"String", "352347:sha256:" + strings.Repeat("ab", 32)}, []string{*key.DataType, *key.StringValue})
		same(t, "attributes", 3, len(got.MessageAttributes))
	})
	t.Run("version of a follow-up", func(t *testing.T) {
		m := whole()
		m.FollowUp = &FollowUp{Number: 1, After: time.Minute}
		same(t, "version", "2", *e.delivers(t, m).MessageAttributes["schema_version"].StringValue)
	})
	t.Run("any alphabet", func(t *testing.T) {
		m := whole()
		m.Alert.OrgID, m.Alert.Message = "\x00\uFFFF org ключ 鍵", "a\x00\x1b\uFFFE\uFFFF\U0010FFFF \u2028 鍵 é"
		same(t, "message", m, mustDecode(t, *e.delivers(t, m).Body))
	})
	t.Run("within SQS's limit", func(t *testing.T) {
		m := whole()
		m.Alert.ID, m.Alert.OrgID, m.Alert.Message = strings.Repeat("é", 100_000), "\x00\uFFFF", noise(1, 900_000)
		m.Alert.ID = m.Alert.ID[:maxBodyBytes-len(mustEncode(t, Message{Alert: alert.Alert{Message: m.Alert.Message}}))-6_000]
		got := e.delivers(t, m)
		total := len(*got.Body)
		for name, a := range got.MessageAttributes {
			total += len(name) + len(*a.DataType) + len(*a.StringValue)
			if !utf8.ValidString(*a.StringValue) || strings.ContainsAny(*a.StringValue, "\x00\uFFFF") {
				t.Errorf("%s is %q, which SQS refuses", name, *a.StringValue)
			}
		}
		if total > 1<<20 {
			t.Errorf("the message has %d bytes", total)
		}
	})
	t.Run("delay", func(t *testing.T) {
		for delay, want := range map[time.Duration]int32{
			0: 0, -time.Hour: 0, 1: 1, 19 * time.Second: 19, 19*time.Second + time.Millisecond: 20,
			MaxDelay - 1: 900, MaxDelay + 1: 900, math.MaxInt64: 900, math.MinInt64: 0,
		} {
			if got := delaySeconds(delay); got != want {
				t.Errorf("%v: got %d s, want %d", delay, got, want)
			}
		}
		if err := e.Send(t.Context(), whole(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := e.receive(t); len(got) > 0 {
			t.Errorf("received %d delayed messages", len(got))
		}
	})
	t.Run("does not marshal", func(t *testing.T) {
		err := e.Send(t.Context(), Message{ReceivedAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, 0)
		if err == nil || fault.From(err).Kind != fault.Internal {
			t.Errorf("got %v", err)
		}
	})
}

func TestQueue_DeadLetter(t *testing.T) {
	e := newEnv(t)
	if err := e.DeadLetter(t.Context(), "not a message", "reason\x00 "+strings.Repeat("é", 100_000)); err != nil {
		t.Fatal(err)
	}
	got := e.receive(t)[0]
	reason := *got.MessageAttributes["reason"].StringValue
	if *got.Body != "not a message" || !strings.HasPrefix(reason, "reason? é") || len(reason) > maxAttributeBytes || !utf8.ValidString(reason) {
		t.Errorf("got %q because of %q", *got.Body, reason)
	}
}

// Every failure is temporary and says what to repair. AWS's own text is for the log.
func TestQueue_Failures(t *testing.T) {
	e := newEnv(t)
	for name, c := range map[string]struct {
		effect awstest.Effect
		says   string
	}{
		"no queue":            {awstest.Error(400, "QueueDoesNotExist"), "check REDELIVERY_QUEUE_URL"},
		"no queue, old code":  {awstest.Error(400, "AWS.SimpleQueueService.NonExistentQueue"), "check REDELIVERY_QUEUE_URL"},
		"access denied":       {awstest.Error(403, "AccessDenied"), "allow sqs:SendMessage"},
		"access denied, new":  {awstest.Error(400, "AccessDeniedException"), "allow sqs:SendMessage"},
		"KMS access denied":   {awstest.Error(400, "KmsAccessDenied"), "allow kms:GenerateDataKey"},
		"KMS disabled":        {awstest.Error(400, "KMS.DisabledException"), "allow kms:GenerateDataKey"},
		"throttled":           {awstest.Error(400, "RequestThrottled"), "it is throttled"},
		"throttled, new":      {awstest.Error(400, "ThrottlingException"), "it is throttled"},
		"unknown credentials": {awstest.Error(403, "InvalidClientTokenId"), "check the function's role"},
		"expired credentials": {awstest.Error(403, "ExpiredToken"), "check the function's role"},
		"FIFO queue":          {awstest.Error(400, "MissingParameter"), "not a FIFO queue"},
		"invalid contents":    {awstest.Error(400, "InvalidMessageContents"), "AWS answered InvalidMessageContents"},
		"internal":            {awstest.Error(500, "InternalFailure"), "AWS answered InternalFailure"},
		"hangs":               {awstest.Hang, "it did not answer in time"},
		"reset":               {awstest.Reset, "could not be reached"},
		"corrupt":             {awstest.Corrupt, "could not be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			e.aws.ClearFaults()
			e.aws.Break(awstest.Fault{Effect: c.effect})
			timeout := 10 * time.Second
			if name == "hangs" {
				timeout = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			followUps := NewFollowUps(e.client, e.url)
			if public := fault.Public(followUps.Send(ctx, whole(), 0)); !strings.HasPrefix(public, "the queue of the follow-ups did not accept one: ") || strings.Contains(public, "REDELIVERY") {
				t.Errorf("of the follow-ups: %q", public)
			}
			for _, err := range []error{e.Send(ctx, whole(), 0), e.DeadLetter(ctx, "body", "reason")} {
				public := fault.Public(err)
				if !fault.IsTemporary(err) || !strings.HasPrefix(public, "the redelivery queue did not accept the alert: ") || !strings.Contains(public, c.says) {
					t.Errorf("got %q", public)
				}
				if strings.Contains(public, "injected by a test") || !strings.Contains(err.Error(), "sqs:SendMessage") {
					t.Errorf("the texts are %q and %v", public, err)
				}
			}
		})
	}
}

func TestQueue_Trace(t *testing.T) {
	e := newEnv(t)
	m := whole()
	m.Trace = nil
	var want map[string]string
	telemetrytest.During(t, func(ctx context.Context) {
		want = telemetry.Headers(ctx)
		if err := e.Send(ctx, m, 0); err != nil {
			t.Error(err)
		}
	})
	got := e.receive(t)[0]
	var attribute map[string]string
	if err := json.Unmarshal([]byte(*got.MessageAttributes["_datadog"].StringValue), &attribute); err != nil || len(want) == 0 {
		t.Fatalf("got %v, %v", got.MessageAttributes, err)
	}
	same(t, "attribute", want, attribute)
	same(t, "message", want, mustDecode(t, *got.Body).Trace)
	if _, ok := e.delivers(t, m).MessageAttributes["_datadog"]; ok {
		t.Error("a message from outside a trace has one")
	}
}
