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

	created    = "boomerang-webhook-boomerang"
	notCreated = "boomerang-not-created" // the id of a creation that left nothing behind
)

// world is a handler with a fake of Datadog, and the presigned URL where CloudFormation
// waits for an answer.
type world struct {
	*testing.T
	datadog     *fakedatadog.Server
	log         bytes.Buffer
	keys        *keys
	provisioner provision.Provisioner
	conf        handler.Handler
	failing     error // with which the function failed to start

	answerURL string
	answers   []cfn.Response
	rejects   []int // the statuses of the next answers

	aws     *awstest.AWS // with storeToken only, and so are the next two
	arn     string
	secrets *secretsmanager.Client
}

// run runs each case in a world of its own.
func run(t *testing.T, cases map[string]func(*world)) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(newWorld(t)) })
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, datadog: fakedatadog.New(fakedatadog.Options{}), keys: &keys{api: fakedatadog.DefaultAPIKey, app: fakedatadog.DefaultAppKey}}
	server, bucket := httptest.NewServer(w.datadog), httptest.NewServer(http.HandlerFunc(w.takeAnswer))
	t.Cleanup(server.Close)
	t.Cleanup(bucket.Close)
	client, err := datadog.New(datadog.Config{Site: site.EU1, BaseURL: server.URL}, w.keys)
	if err != nil {
		t.Fatal(err)
	}
	w.answerURL = bucket.URL + "/response?" + signature
	w.provisioner = provision.Provisioner{Datadog: client, RetryTimeout: 10 * time.Second, RetryInterval: time.Millisecond}
	w.conf = handler.Handler{Provisioner: w.provisioner, Tokens: fixedToken{}, WebhookName: "boomerang", Logger: slog.New(slog.NewJSONHandler(&w.log, nil))}
	return w
}

// takeAnswer is the presigned URL: it takes a PUT without a Content-Type.
func (w *world) takeAnswer(response http.ResponseWriter, r *http.Request) {
	if len(w.rejects) > 0 {
		response.WriteHeader(w.rejects[0])
		w.rejects = w.rejects[1:]
		return
	}
	body, err := io.ReadAll(r.Body)
	if _, typed := r.Header["Content-Type"]; typed || err != nil || r.Method != http.MethodPut || !strings.Contains(r.URL.RawQuery, signature) {
		response.WriteHeader(http.StatusForbidden)
		return
	}
	var answer cfn.Response
	if err := json.Unmarshal(body, &answer); err != nil || len(body) > 4096 {
		w.Errorf("CloudFormation does not take an answer of %d bytes: %v", len(body), err)
	}
	w.answers = append(w.answers, answer)
}

// withoutRetries is for a Datadog that does not recover.
func (w *world) withoutRetries() {
	w.provisioner.RetryTimeout = 100 * time.Millisecond
	w.conf.Provisioner = w.provisioner
}

// storeToken puts the token into Secrets Manager, for rotations.
func (w *world) storeToken(value string) {
	w.Helper()
	w.aws = awstest.New(w.T)
	w.arn = w.aws.Secret(w.T, value)
	w.secrets = secretsmanager.NewFromConfig(w.aws.Config(), func(o *secretsmanager.Options) { o.Retryer = aws.NopRetryer{} })
	w.conf.Tokens, w.conf.TokenSecret = secret.NewRotation(w.secrets, w.arn), w.arn
}

// fixedToken is a secret that is not rotated.
type fixedToken struct{ handler.Tokens }

func (fixedToken) Current(context.Context) (secret.Secret, error) { return secret.New(token), nil }

// keys are credentials that a test may change.
type keys struct {
	api, app string
	next     *keys // in the secret already, and not read yet
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

// change is a change to CloudFormation's request.
type change func(*cfn.Event)

func property(name string, value any) change {
	return func(e *cfn.Event) { e.ResourceProperties[name] = value }
}

// request is what CloudFormation sends for the resource in template.yaml.
func (w *world) request(kind cfn.RequestType, changes ...change) cfn.Event {
	e := cfn.Event{
		RequestType: kind, RequestID: "request-1", ResponseURL: w.answerURL, ResourceType: "Custom::DatadogSetup",
		LogicalResourceID: "DatadogSetup", StackID: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
		ResourceProperties: map[string]any{
			"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:shop-setup", "ServiceTimeout": "300",
			"FunctionUrl": functionURL, "WebhookName": "boomerang", "StackName": "Shop", "Notify": "@slack-sre", "Route": "",
			"QueueName": "shop-RedeliveryQueue-1A", "DeadLetterQueueName": "shop-DeadLetterQueue-1A",
			"FunctionNames": []any{"shop-WebhookFunction-1A", "shop-RedeliverFunction-1A", "shop-ReconcileFunction-1A"},
			"Revision":      "1", "DatadogSite": "datadoghq.eu", "DatadogSecretArn": "arn:datadog", "WebhookSecretArn": "arn:webhook",
		},
	}
	if kind != cfn.RequestCreate {
		e.PhysicalResourceID = created
	}
	for _, c := range changes {
		c(&e)
	}
	return e
}

// handle gives an event to a new handler, through JSON as Lambda does.
func (w *world) handle(ctx context.Context, event any) error {
	w.Helper()
	raw, err := json.Marshal(event)
	if err != nil {
		w.Fatal(err)
	}
	h := &w.conf
	if w.failing != nil {
		h = handler.Failing(w.failing, w.conf.Logger)
	}
	return h.Handle(ctx, raw)
}

// send returns the answer to a request.
func (w *world) send(kind cfn.RequestType, changes ...change) cfn.Response {
	w.Helper()
	return w.sendWithin(time.Minute, kind, changes...)
}

func (w *world) sendWithin(timeout time.Duration, kind cfn.RequestType, changes ...change) cfn.Response {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), timeout)
	defer cancel()
	e := w.request(kind, changes...)
	w.answers = nil
	if err := w.handle(ctx, e); err != nil {
		w.Fatalf("the handler failed: %v", err)
	}
	if len(w.answers) != 1 {
		w.Fatalf("%d answers", len(w.answers))
	}
	a := w.answers[0]
	if a.RequestID != e.RequestID || a.LogicalResourceID != e.LogicalResourceID || a.StackID != e.StackID || a.PhysicalResourceID == "" {
		w.Errorf("the answer is not to this request, or has no physical id: %+v", a)
	}
	return a
}

// mustSucceed sends a request that has to succeed.
func (w *world) mustSucceed(kind cfn.RequestType, changes ...change) cfn.Response {
	w.Helper()
	answer := w.send(kind, changes...)
	if answer.Status != cfn.StatusSuccess {
		w.Fatalf("%s: %s", kind, answer.Reason)
	}
	return answer
}

// mustFail sends a creation that has to fail for a reason, and returns the answer.
func (w *world) mustFail(id, reason string, changes ...change) cfn.Response {
	w.Helper()
	answer := w.send(cfn.RequestCreate, changes...)
	if answer.Status != cfn.StatusFailed || !strings.Contains(answer.Reason, reason) || answer.PhysicalResourceID != id {
		w.Errorf("got %+v, want %s because of %s", answer, id, reason)
	}
	return answer
}

// rollBack deletes what could not be created, as CloudFormation does.
func (w *world) rollBack(failed cfn.Response, changes ...change) {
	w.Helper()
	w.mustSucceed(cfn.RequestDelete, append(changes, func(e *cfn.Event) { e.PhysicalResourceID = failed.PhysicalResourceID })...)
}

// titles are those of all dashboards.
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

func (w *world) inject(route fakedatadog.Route, f fakedatadog.Fault, calls int) {
	w.Helper()
	if err := w.datadog.Inject(route, f, calls); err != nil {
		w.Fatal(err)
	}
}

// changes are the calls since the n-th that change something.
func (w *world) changes(n int) (routes []fakedatadog.Route) {
	for _, r := range w.datadog.Requests()[n:] {
		if r.Route != fakedatadog.Validate && r.Method != http.MethodGet {
			routes = append(routes, r.Route)
		}
	}
	return routes
}

// mustHave checks how many resources are in Datadog.
func (w *world) mustHave(webhooks, variables, dashboards, monitors int) {
	w.Helper()
	got := []int{len(w.datadog.Webhooks()), len(w.datadog.Variables()), len(w.titles()), len(w.datadog.Monitors())}
	if got[0] != webhooks || got[1] != variables || got[2] != dashboards || got[3] != monitors {
		w.Errorf("%d webhooks, variables, dashboards and monitors, want %d", got, []int{webhooks, variables, dashboards, monitors})
	}
}
