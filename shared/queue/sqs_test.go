package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

var _ Client = (*sqs.Client)(nil)

// clientFunc is a client of one function.
type clientFunc func(context.Context, *sqs.SendMessageInput) error

func (f clientFunc) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	return &sqs.SendMessageOutput{}, f(ctx, in)
}

const queueURL = "https://sqs.eu-central-1.amazonaws.com/123456789012/alerts"

func sent(t *testing.T, m Message, delay time.Duration) *sqs.SendMessageInput {
	t.Helper()
	var got *sqs.SendMessageInput
	client := clientFunc(func(_ context.Context, in *sqs.SendMessageInput) error { got = in; return nil })
	if err := New(client, queueURL).Send(t.Context(), m, delay); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSQS_Send(t *testing.T) {
	t.Run("names the version, the alert and its trace beside the body", func(t *testing.T) {
		got := sent(t, whole(), 0)
		same(t, "queue", queueURL, *got.QueueUrl)
		same(t, "body", mustEncode(t, whole()), *got.MessageBody)
		same(t, "attributes", 3, len(got.MessageAttributes))
		version, key := got.MessageAttributes["schema_version"], got.MessageAttributes["alert_key"]
		same(t, "version", []string{"Number", "1"}, []string{*version.DataType, *version.StringValue})
		same(t, "key", []string{"String", "352347:8306082202796025694"}, []string{*key.DataType, *key.StringValue})
	})

	delays := map[string]struct {
		delay time.Duration
		want  int32
	}{
		"none is the queue's own":             {0, 0},
		"one that is over is none":            {-time.Hour, 0},
		"a nanosecond is a second":            {1, 1},
		"whole seconds stay":                  {19 * time.Second, 19},
		"parts of a second are rounded up":    {19*time.Second + time.Millisecond, 20},
		"just under the limit is the limit":   {MaxDelay - 1, 900},
		"more than SQS can is as much as can": {MaxDelay + 1, 900},
		"the longest there is":                {math.MaxInt64, 900},
		"the shortest there is":               {math.MinInt64, 0},
	}
	for name, c := range delays {
		t.Run("delay/"+name, func(t *testing.T) {
			same(t, "seconds", c.want, sent(t, whole(), c.delay).DelaySeconds)
		})
	}

	t.Run("never exceeds SQS's limit, attributes included", func(t *testing.T) {
		m := whole()
		m.Alert = alert.Alert{ID: strings.Repeat("é", 200_000), OrgID: "\x00\uFFFF", Message: noise(1, 300_000)}
		in := sent(t, m, 0)
		total := len(*in.MessageBody)
		for name, a := range in.MessageAttributes {
			total += len(name) + len(*a.DataType) + len(*a.StringValue)
			if !utf8.ValidString(*a.StringValue) || strings.ContainsAny(*a.StringValue, "\x00\uFFFF") {
				t.Errorf("%s is %q, which SQS refuses", name, *a.StringValue)
			}
		}
		if total > 262_144 {
			t.Errorf("the message has %d bytes", total)
		}
	})
}

// Every failure of the service, as it comes over HTTP, is temporary, says what to
// look at, and keeps AWS's own words and the queue's address for the log.
func TestSQS_Send_failures(t *testing.T) {
	cases := map[string]struct {
		status int
		says   string
	}{
		"QueueDoesNotExist":                        {400, "check REDELIVERY_QUEUE_URL"},
		"AWS.SimpleQueueService.NonExistentQueue":  {400, "check REDELIVERY_QUEUE_URL"},
		"AccessDenied":                             {403, "allow sqs:SendMessage"},
		"AccessDeniedException":                    {400, "allow sqs:SendMessage"},
		"KmsAccessDenied":                          {400, "allow kms:GenerateDataKey"},
		"KMS.DisabledException":                    {400, "allow kms:GenerateDataKey"},
		"RequestThrottled":                         {400, "it is throttled"},
		"ThrottlingException":                      {400, "it is throttled"},
		"InvalidClientTokenId":                     {403, "check the function's role"},
		"ExpiredToken":                             {403, "check the function's role"},
		"MissingParameter":                         {400, "not a FIFO queue"},
		"InvalidMessageContents":                   {400, "AWS answered InvalidMessageContents"},
		"InternalFailure":                          {500, "AWS answered InternalFailure"},
		"AWS.SimpleQueueService.SomethingElseThen": {503, "AWS answered AWS.SimpleQueueService.SomethingElseThen"},
	}
	for code, c := range cases {
		t.Run(code, func(t *testing.T) {
			err := sendTo(t, ample, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(`{"__type":"com.amazonaws.sqs#` + code + `","message":"words of AWS"}`))
			})
			public := fault.Public(err)
			if !fault.IsTemporary(err) || !strings.HasPrefix(public, "the redelivery queue did not accept the alert: ") || !strings.Contains(public, c.says) {
				t.Errorf("got %q", public)
			}
			if strings.Contains(public, "words of AWS") || !strings.Contains(err.Error(), "words of AWS") {
				t.Errorf("AWS's words belong in the log and only there: %v", err)
			}
		})
	}

	t.Run("the older code in its header counts", func(t *testing.T) {
		err := sendTo(t, ample, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}`))
		})
		if !strings.Contains(fault.Public(err), "check REDELIVERY_QUEUE_URL") {
			t.Errorf("got %v", err)
		}
	})

	broken := map[string]struct {
		patience time.Duration
		handler  http.HandlerFunc
		says     string
	}{
		"a queue that hangs": {
			100 * time.Millisecond,
			func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // The server notices that the client has gone only after the body.
				<-r.Context().Done()
			},
			"did not answer in time",
		},
		"a reset connection": {ample, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "could not be reached"},
		"garbage":            {ample, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "could not be reached"},
		"an answer about another message": {
			ample,
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				_, _ = w.Write([]byte(`{"MessageId":"1","MD5OfMessageBody":"d41d8cd98f00b204e9800998ecf8427e"}`))
			},
			"could not be reached",
		},
	}
	for name, c := range broken {
		t.Run(name, func(t *testing.T) {
			if err := sendTo(t, c.patience, c.handler); !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}

	t.Run("a cause stays in the chain", func(t *testing.T) {
		cause := errors.New("no route")
		err := New(clientFunc(func(context.Context, *sqs.SendMessageInput) error { return cause }), queueURL).Send(t.Context(), whole(), 0)
		if !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	})
}

// ample is more time than an answer takes, however busy the machine is.
const ample = 10 * time.Second

// sendTo sends once to a queue that is the given handler, and waits so long for it.
func sendTo(t *testing.T, patience time.Duration, handler http.HandlerFunc) error {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	client := newClient(server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return New(clientFunc(func(ctx context.Context, in *sqs.SendMessageInput) error {
		_, err := client.SendMessage(ctx, in, once)
		return err
	}), queueURL).Send(ctx, whole(), 0)
}

// once switches the SDK's retries off, which would make the tests wait.
func once(o *sqs.Options) { o.RetryMaxAttempts = 1 }

func newClient(url string) *sqs.Client {
	return sqs.New(sqs.Options{
		BaseEndpoint: &url,
		Region:       "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing"}, nil
		}),
	})
}

// Moto stands in for SQS (http://docs.getmoto.org). Unlike SQS it has every
// message for the next receive at once, which is why one empty answer ends a
// receive here. Its server resets a connection now and then; the SDK's retries cover that.
func TestSQS_Conformance(t *testing.T) {
	url := os.Getenv("MOTO_URL")
	if url == "" {
		t.Skip("MOTO_URL is not set: start moto_server and set it to its address to test against an emulator of SQS")
	}
	client := newClient(url)
	if _, err := client.ListQueues(t.Context(), &sqs.ListQueuesInput{}, once); err != nil {
		t.Fatalf("no emulator answers at MOTO_URL=%s: %v", url, err)
	}
	conform(t, func(t *testing.T) opened {
		queue := newQueue(t, client)
		return opened{New(client, queue), func() []string { return receive(t, client, queue) }}
	})
}

func newQueue(t *testing.T, client *sqs.Client) (url string) {
	t.Helper()
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String("queue-" + rand.Text()),
		Attributes: map[string]string{
			"MaximumMessageSize": "262144", // The least that Encode relies on.
			"VisibilityTimeout":  "0",      // A message whose delivery got lost comes again at once.
		},
	})
	if err != nil {
		t.Fatalf("create the queue: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
		if _, gone := errors.AsType[*types.QueueDoesNotExist](err); err != nil && !gone {
			t.Errorf("delete the queue: %v", err)
		}
	})
	return *out.QueueUrl
}

func receive(t *testing.T, client *sqs.Client, url string) []string {
	t.Helper()
	var bodies []string
	for {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 1})
		if err != nil {
			t.Fatalf("receive: %v", err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatalf("delete: %v", err)
			}
		}
	}
}
