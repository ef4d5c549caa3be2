package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/functionurl"
)

// setupTimeout is the Timeout in template.yaml.
const setupTimeout = 120 * time.Second

// cloudFormation waits for one answer.
func cloudFormation(t *testing.T) (url string, answer func() cfn.Response) {
	t.Helper()
	answers := make(chan cfn.Response, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var a cfn.Response
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &a) != nil {
			t.Errorf("no answer: %v", err)
		}
		answers <- a
	}))
	t.Cleanup(server.Close)
	return server.URL + "/?X-Amz-Signature=abc", func() cfn.Response {
		t.Helper()
		select {
		case a := <-answers:
			return a
		default:
			t.Fatal("there was no answer")
			return cfn.Response{}
		}
	}
}

// ask sends CloudFormation's request for the resource in template.yaml.
func ask(t *testing.T, f *e2e.Instance, kind cfn.RequestType, functionURL string) cfn.Response {
	t.Helper()
	url, answer := cloudFormation(t)
	_, err := f.Invoke(cfn.Event{
		RequestType: kind, RequestID: "1", ResponseURL: url, LogicalResourceID: "DatadogSetup", StackID: "stack", PhysicalResourceID: "boomerang-webhook-boomerang",
		ResourceProperties: map[string]any{
			"ServiceToken": "arn", "FunctionUrl": functionURL, "WebhookName": "boomerang", "StackName": "boomerang", "Notify": "", "Route": "", "Revision": "1",
			"DatadogSite": "datadoghq.com", "DatadogSecretArn": "arn", "WebhookSecretArn": "arn",
			"QueueName": "queue", "DeadLetterQueueName": "letters", "FunctionNames": []string{"webhook", "redeliver", "reconcile"},
		},
	}, setupTimeout)
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	mustLack(t, "the log", f.Output(), "X-Amz-Signature", e2e.Token)
	return answer()
}

// instance is an instance as the handler behind a Function URL.
type instance struct{ *e2e.Instance }

func (i instance) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	return i.Instance.Invoke(json.RawMessage(payload), timeout)
}

// serve returns the Function URL of instances, each of which takes one request at a time.
func serve(t *testing.T, instances ...*e2e.Instance) (url string) {
	t.Helper()
	free := make(chan *e2e.Instance, len(instances))
	for _, i := range instances {
		free <- i
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := <-free
		defer func() { free <- i }()
		(&functionurl.Server{Function: instance{i}, Timeout: timeout}).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// variables are what Datadog puts in the place of its variables.
func variables(id int64) map[string]string {
	text := strconv.FormatInt(8_306_000_000_000_000_000+id, 10)
	return map[string]string{
		"ID": text, "LINK": "https://app.datadoghq.com/event/event?id=" + text, "ALERT_ID": "4711", "ORG_ID": "352001", "ALERT_TRANSITION": "Triggered", "ALERT_CYCLE_KEY": "cycle-" + text,
		"DATE": strconv.FormatInt(time.Now().UnixMilli(), 10), "EVENT_TITLE": "[Triggered] Checkout is \"slow\"", "TAGS": "service:checkout",
	}
}

// CloudFormation needs an answer, so the function must start.
func TestSetup_WrongEnvironment(t *testing.T) {
	t.Parallel()
	f := e2e.New(t).Start(e2e.Setup, map[string]string{"DD_SITE": "datadog.example", "WEBHOOK_SECRET_ARN": ""})
	a := ask(t, f, cfn.RequestCreate, "https://abc.lambda-url.eu-west-1.on.aws/")
	if a.Status != cfn.StatusFailed || !strings.Contains(a.Reason, "DD_SITE") || !strings.Contains(a.Reason, "WEBHOOK_SECRET_ARN") {
		t.Errorf("got %+v", a)
	}
	if a := ask(t, f, cfn.RequestDelete, "https://abc.lambda-url.eu-west-1.on.aws/"); a.Status != cfn.StatusSuccess {
		t.Errorf("the stack cannot be deleted: %+v", a)
	}
}

func TestSetup_CreateRotateDelete(t *testing.T) {
	const rotations, senders = 3, 4
	s := e2e.New(t)
	setup := s.Start(e2e.Setup, nil)
	url := serve(t, s.Start(e2e.Webhook, nil), s.Start(e2e.Webhook, nil))
	if a := ask(t, setup, cfn.RequestCreate, url); a.Status != cfn.StatusSuccess {
		t.Fatal(a.Reason)
	}
	shown := map[string]bool{s.Datadog.Variable("BOOMERANG_TOKEN"): true}

	ctx, stop := context.WithCancel(t.Context())
	var sent, taken atomic.Int64
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for ctx.Err() == nil {
				delivery, err := s.Datadog.Deliver(context.WithoutCancel(ctx), "boomerang", variables(sent.Add(1)))
				if err != nil || delivery.Status != http.StatusOK {
					t.Errorf("an alert was refused: %+v, %v", delivery, err)
					return
				}
				taken.Add(1)
			}
		})
	}
	for n := range rotations {
		version := fmt.Sprintf("11111111-1111-4111-8111-%012d", n)
		for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
			event := map[string]string{"Step": step, "SecretId": s.WebhookSecret, "ClientRequestToken": version}
			if _, err := setup.Invoke(event, setupTimeout); err != nil {
				t.Errorf("%s: %v", step, err)
			}
			// Alerts come between all steps, some of them begun before the step.
			enough := taken.Load() + 3*senders
			for end := time.Now().Add(30 * time.Second); taken.Load() < enough && time.Now().Before(end) && !t.Failed(); {
				time.Sleep(time.Millisecond)
			}
		}
		shown[s.Datadog.Variable("BOOMERANG_TOKEN")] = true
	}
	stop()
	group.Wait()
	if len(shown) != rotations+1 {
		t.Errorf("Datadog showed %d tokens", len(shown))
	}
	if posted := s.Posted(); int64(len(posted)) != sent.Load() {
		t.Errorf("%d events for %d alerts", len(posted), sent.Load())
	}
	t.Logf("%d alerts came back", taken.Load())
	if a := ask(t, setup, cfn.RequestDelete, url); a.Status != cfn.StatusSuccess || a.Reason != "" {
		t.Errorf("got %+v", a)
	}
	if hooks := s.Datadog.Webhooks(); len(hooks)+len(s.Datadog.Variables())+len(s.Datadog.Dashboards())+len(s.Datadog.Monitors()) != 0 {
		t.Error("something is left")
	}
}
