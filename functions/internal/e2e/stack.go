// Package e2e runs a whole Boomerang on this machine, for tests: instances of the
// built functions, each in its own process, with fakes of Datadog and AWS. Deliver
// plays Datadog's webhook, and Poll the event source mapping from SQS to Lambda.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
)

// Token is the webhook's token, which the files under events/ carry.
const Token = "local-token"

// Dependency is a service that the functions call, by the variable of its address.
type Dependency string

// The dependencies.
const (
	SecretsManager Dependency = "AWS_ENDPOINT_URL_SECRETS_MANAGER"
	Ledger         Dependency = "AWS_ENDPOINT_URL_DYNAMODB"
	Queue          Dependency = "AWS_ENDPOINT_URL_SQS"
	Datadog        Dependency = "DATADOG_API_URL"
)

// Stack is what the instances depend on. Its methods end the test when the test's own
// means fail.
type Stack struct {
	Datadog *fakedatadog.Server
	AWS     *awstest.AWS
	// Where the stack's things are: ARNs, a name and URLs.
	DatadogSecret, WebhookSecret, Table, Queue, DeadLetters string

	t         testing.TB
	frontends map[Dependency]*frontend
	sqs       *sqs.Client
	extension *agenttest.Agent // nil: there is none

	mu    sync.Mutex
	ahead time.Duration
	held  []heldMessage

	// working is held for reading by a batch, and for writing while the clock advances.
	working sync.RWMutex
}

// New returns a stack without instances. Connections to the dependencies that are
// closed are refused until Open.
func New(t testing.TB, closed ...Dependency) *Stack {
	t.Helper()
	s := &Stack{t: t, AWS: awstest.New(t), frontends: map[Dependency]*frontend{}}
	s.Datadog = fakedatadog.New(fakedatadog.Options{Now: s.Now, VisibleAfter: -1})
	s.DatadogSecret = s.AWS.Secret(t, `{"api_key":"`+fakedatadog.DefaultAPIKey+`","app_key":"`+fakedatadog.DefaultAppKey+`"}`)
	s.WebhookSecret = s.AWS.Secret(t, `{"token":"`+Token+`"}`)
	s.Table = s.AWS.Table(t)
	s.DeadLetters = s.AWS.Queue(t, nil)
	s.Queue = s.AWS.Queue(t, map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(pipeline.VisibilityTimeout.Seconds())),
		"RedrivePolicy":     fmt.Sprintf(`{"maxReceiveCount":"%d","deadLetterTargetArn":%q}`, pipeline.RedriveReceives, awstest.QueueARN(s.DeadLetters)),
	})
	s.sqs = sqs.NewFromConfig(s.AWS.Direct())
	for dependency, handler := range map[Dependency]http.Handler{
		SecretsManager: s.AWS, Ledger: s.AWS, Queue: withoutDelay(s.AWS), Datadog: s.Datadog,
	} {
		f, err := newFrontend(handler)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.close)
		s.frontends[dependency] = f
		if !slices.Contains(closed, dependency) {
			s.Open(dependency)
		}
	}
	return s
}

// withoutDelay makes messages visible at once, because a test does not wait for SQS.
func withoutDelay(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		body, err := io.ReadAll(r.Body)
		if err == nil && json.Unmarshal(body, &in) == nil && in["DelaySeconds"] != nil {
			delete(in, "DelaySeconds")
			body, _ = json.Marshal(in) // What was decoded can be encoded.
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Del("Content-Length")
		next.ServeHTTP(w, r)
	})
}

// Install puts the Datadog Lambda Extension beside the instances that start from now on.
func (s *Stack) Install(e *agenttest.Agent) { s.extension = e }

// Open accepts connections to a dependency.
func (s *Stack) Open(dependency Dependency) {
	s.t.Helper()
	if err := s.frontends[dependency].open(); err != nil {
		s.t.Fatal(err)
	}
}

// ClearFaults ends all faults of Datadog and AWS.
func (s *Stack) ClearFaults() {
	s.Datadog.ClearFaults()
	s.AWS.ClearFaults()
}

// SetSecret adds a version to a secret.
func (s *Stack) SetSecret(arn, value string) {
	s.t.Helper()
	_, err := secretsmanager.NewFromConfig(s.AWS.Direct()).PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: &value})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Items returns the items of the table that a filter lets pass, such as "status = :v".
func (s *Stack) Items(filter string, value types.AttributeValue) []map[string]types.AttributeValue {
	s.t.Helper()
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(s.AWS.Direct()), &dynamodb.ScanInput{
		TableName: &s.Table, FilterExpression: &filter, ExpressionAttributeNames: names(filter),
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": value},
	})
	var all []map[string]types.AttributeValue
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, page.Items...)
	}
	return all
}

// names is for the words that DynamoDB reserves.
func names(filter string) map[string]string {
	if strings.Contains(filter, "#status") {
		return map[string]string{"#status": "status"}
	}
	return nil
}

// environment is that of a deployed function. In changes, an empty value removes a variable.
func (s *Stack) environment(changes map[string]string) []string {
	all := map[string]string{
		"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_FUNCTION_NAME": "boomerang", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"DATADOG_SECRET_ARN": s.DatadogSecret, "WEBHOOK_SECRET_ARN": s.WebhookSecret, "LEDGER_TABLE": s.Table,
		"REDELIVERY_QUEUE_URL": s.Queue, "DEAD_LETTER_QUEUE_URL": s.DeadLetters,
	}
	for _, variable := range s.AWS.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		all[name] = value
	}
	for dependency, f := range s.frontends {
		all[string(dependency)] = f.url
	}
	maps.Copy(all, changes)
	var environ []string
	for name, value := range all {
		if value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}
