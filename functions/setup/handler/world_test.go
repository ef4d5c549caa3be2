package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/functions/setup/handler"
	"boomerang/functions/setup/provision"
	"boomerang/shared/awstest"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/secret"
	"boomerang/shared/site"
)

const (
	functionURL = "https://abc123.lambda-url.eu-west-1.on.aws/"
	elsewhere   = "https://hooks.example.com/v1/webhooks/4711?key=private"
	variable    = "BOOMERANG_TOKEN"
	title       = "Boomerang (boomerang)"
	token       = "the-first-token"
	signature   = "X-Amz-Signature=0123456789abcdef"
)

// world is the handler with its fake Datadog, and the bucket in which CloudFormation waits
// for an answer.
type world struct {
	*testing.T
	datadog *fakedatadog.Server
	bucket  *bucket
	log     *lines
	keys    *keys
	aws     *awstest.AWS // with withSecret only, and so are the next two
	arn     string
	secrets *secretsmanager.Client
	conf    handler.Config
	handler *handler.Handler
}

func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{T: t, bucket: newBucket(t), log: &lines{}, keys: &keys{api: fakedatadog.DefaultAPIKey, app: fakedatadog.DefaultAppKey}}
	w.datadog = fakedatadog.New(fakedatadog.Options{})
	server := httptest.NewServer(w.datadog)
	t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.EU1, BaseURL: server.URL}, w.keys)
	if err != nil {
		t.Fatal(err)
	}
	w.conf = handler.Config{
		Provisioner: provision.Provisioner{Datadog: client, RetryTimeout: 10 * time.Second, RetryInterval: time.Millisecond},
		Tokens:      fixedToken{}, WebhookName: "boomerang",
		Logger: slog.New(slog.NewJSONHandler(w.log, nil)),
	}
	for _, c := range change {
		c(w)
	}
	w.handler = handler.New(w.conf)
	return w
}

// noRetries is for a Datadog that does not recover.
func noRetries(w *world) {
	i := w.conf.Provisioner.(provision.Provisioner)
	i.RetryTimeout = 100 * time.Millisecond
	w.conf.Provisioner = i
}

// withSecret has the token in Secrets Manager, for rotations.
func withSecret(w *world) {
	w.aws = awstest.New(w.T)
	w.arn = w.aws.Secret(w.T, `{"token":"`+token+`"}`)
	w.secrets = secretsmanager.NewFromConfig(w.aws.Config(), func(o *secretsmanager.Options) { o.Retryer = aws.NopRetryer{} })
	w.conf.Tokens, w.conf.TokenSecret = secret.NewRotation(w.secrets, w.arn), w.arn
}

func (w *world) putSecret(value string) {
	w.Helper()
	_, err := secretsmanager.NewFromConfig(w.aws.Direct()).PutSecretValue(w.Context(), &secretsmanager.PutSecretValueInput{SecretId: &w.arn, SecretString: &value})
	if err != nil {
		w.Fatal(err)
	}
}

// fixedToken is a secret that is not rotated.
type fixedToken struct{ handler.Tokens }

func (fixedToken) Current(context.Context) (secret.Secret, error) { return secret.New(token), nil }

// keys are credentials that a test may change.
type keys struct {
	api, app string
	// next are in the secret already, and not known here.
	next *keys
}

func (k *keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: k.api, App: k.app}, nil
}

func (k *keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) {
	if k.next != nil {
		*k = *k.next
	}
	return k.Keys(ctx)
}

// lines is a log that may be read while it is written.
type lines struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

// bucket is where CloudFormation waits: a presigned address, which takes a PUT
// without a Content-Type and nothing else.
type bucket struct {
	url string

	mu      sync.Mutex
	answers []cfn.Response
	refuse  []int // The statuses of the next answers.
}

func newBucket(t *testing.T) *bucket {
	b := &bucket{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.refuse) > 0 {
			w.WriteHeader(b.refuse[0])
			b.refuse = b.refuse[1:]
			return
		}
		if _, typed := r.Header["Content-Type"]; typed || r.Method != http.MethodPut || !strings.Contains(r.URL.RawQuery, signature) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		var answer cfn.Response
		if err := json.Unmarshal(body, &answer); err != nil || len(body) > 4096 {
			t.Errorf("no answer that CloudFormation takes: %v, %d bytes", err, len(body))
		}
		b.answers = append(b.answers, answer)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL + "/response?" + signature
	return b
}

func (b *bucket) all() []cfn.Response {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.answers
}

// request is what CloudFormation sends for the resource in template.yaml.
func (w *world) request(kind cfn.RequestType, change ...func(*cfn.Event)) cfn.Event {
	e := cfn.Event{
		RequestType: kind, RequestID: "request-1", ResponseURL: w.bucket.url, ResourceType: "Custom::DatadogSetup",
		LogicalResourceID: "DatadogSetup", StackID: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
		ResourceProperties: map[string]any{
			"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:shop-setup", "ServiceTimeout": "300",
			"FunctionUrl": functionURL, "WebhookName": "boomerang", "StackName": "Shop", "Notify": "@slack-sre",
			"QueueName": "shop-RedeliveryQueue-1A", "DeadLetterQueueName": "shop-DeadLetterQueue-1A",
			"FunctionNames": []any{"shop-WebhookFunction-1A", "shop-RedeliverFunction-1A", "shop-ReconcileFunction-1A"},
			"Revision":      "1", "DatadogSite": "datadoghq.eu", "DatadogSecretArn": "arn:datadog", "WebhookSecretArn": "arn:webhook",
		},
	}
	if kind != cfn.RequestCreate {
		e.PhysicalResourceID = "boomerang-webhook-boomerang"
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

// send gives the handler a request through JSON, as Lambda does, and returns what
// CloudFormation was told.
func (w *world) send(e cfn.Event) cfn.Response {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	return w.sendWithin(ctx, e)
}

func (w *world) sendWithin(ctx context.Context, e cfn.Event) cfn.Response {
	w.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		w.Fatal(err)
	}
	before := len(w.bucket.all())
	if err := w.handler.Handle(ctx, raw); err != nil {
		w.Fatalf("the handler failed: %v", err)
	}
	answers := w.bucket.all()[before:]
	if len(answers) != 1 {
		w.Fatalf("%d answers", len(answers))
	}
	if a := answers[0]; a.RequestID != e.RequestID || a.LogicalResourceID != e.LogicalResourceID || a.StackID != e.StackID || a.PhysicalResourceID == "" {
		w.Errorf("the answer is not to this request, or has no physical id: %+v", a)
	}
	return answers[0]
}

// mustSucceed sends a request that has to succeed.
func (w *world) mustSucceed(e cfn.Event) cfn.Response {
	w.Helper()
	answer := w.send(e)
	if answer.Status != cfn.StatusSuccess {
		w.Fatalf("%s: %s", e.RequestType, answer.Reason)
	}
	return answer
}

// titles are those of all dashboards, and names those of all monitors.
func (w *world) titles() (titles []string) {
	for _, raw := range w.datadog.Dashboards() {
		var d struct{ Title string }
		if err := json.Unmarshal(raw, &d); err != nil {
			w.Fatal(err)
		}
		titles = append(titles, d.Title)
	}
	return titles
}

func (w *world) monitors() map[string]fakedatadog.Monitor {
	all := map[string]fakedatadog.Monitor{}
	for _, m := range w.datadog.Monitors() {
		all[m.Name] = m
	}
	return all
}

// changes are the calls since the n-th that were not mere looks.
func (w *world) changes(n int) (routes []fakedatadog.Route) {
	for _, r := range w.datadog.Requests()[n:] {
		if r.Route != fakedatadog.Validate && r.Method != http.MethodGet {
			routes = append(routes, r.Route)
		}
	}
	return routes
}

// isEmpty reports everything that is in Datadog.
func (w *world) isEmpty() {
	w.Helper()
	if hooks := w.datadog.Webhooks(); len(hooks) > 0 {
		w.Errorf("webhooks are left: %v", hooks)
	}
	if variables := w.datadog.Variables(); len(variables) > 0 {
		w.Errorf("variables are left: %v", variables)
	}
	if titles := w.titles(); len(titles) > 0 {
		w.Errorf("dashboards are left: %v", titles)
	}
	if monitors := w.monitors(); len(monitors) > 0 {
		w.Errorf("monitors are left: %v", monitors)
	}
}
