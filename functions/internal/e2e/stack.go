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
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
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
	DatadogSecret, WebhookSecret, Table, Queue, FollowUps, DeadLetters string
	// IsLong is for tests with so many alerts that finding the claims that runs left behind takes too
	// long. Messages that failed wait until those claims have ended by themselves.
	IsLong bool

	t         testing.TB
	variables map[string]string
	open      map[Dependency]func() // those that were closed
	extension *agenttest.Agent      // nil: there is none
	dynamodb  *dynamodb.Client
	secrets   *secretsmanager.Client
	sqs       *sqs.Client

	mu        sync.Mutex
	instances []*Instance
	failed    []receipt // of the messages that failed and are not visible

	// working is held for reading by a batch, and for writing while the clock advances.
	working sync.RWMutex
}

// HeapGrowth is the GOGC of template.yaml.
const HeapGrowth = "250"

// New returns a stack without instances. Connections to the dependencies that are
// closed are refused until Open.
func New(t testing.TB, closed ...Dependency) *Stack {
	t.Helper()
	s := &Stack{t: t, AWS: awstest.New(t), Datadog: fakedatadog.New(fakedatadog.Options{VisibleAfter: -1}), open: map[Dependency]func(){}}
	s.dynamodb, s.secrets, s.sqs = dynamodb.NewFromConfig(s.AWS.Direct()), secretsmanager.NewFromConfig(s.AWS.Direct()), sqs.NewFromConfig(s.AWS.Direct())
	s.DatadogSecret = s.AWS.Secret(t, `{"api_key":"`+fakedatadog.DefaultAPIKey+`","app_key":"`+fakedatadog.DefaultAppKey+`"}`)
	s.WebhookSecret = s.AWS.Secret(t, `{"token":"`+Token+`"}`)
	s.Table = s.AWS.Table(t)
	s.DeadLetters = s.AWS.Queue(t, nil)
	attributes := map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(pipeline.VisibilityTimeout.Seconds())),
		"RedrivePolicy":     fmt.Sprintf(`{"maxReceiveCount":"%d","deadLetterTargetArn":%q}`, pipeline.RedriveReceives, awstest.QueueARN(s.DeadLetters)),
	}
	s.Queue, s.FollowUps = s.AWS.Queue(t, attributes), s.AWS.Queue(t, attributes)
	s.variables = map[string]string{
		"GOGC": HeapGrowth, "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_FUNCTION_NAME": "boomerang", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"DATADOG_SECRET_ARN": s.DatadogSecret, "WEBHOOK_SECRET_ARN": s.WebhookSecret, "LEDGER_TABLE": s.Table,
		"REDELIVERY_QUEUE_URL": s.Queue, "FOLLOW_UP_QUEUE_URL": s.FollowUps, "DEAD_LETTER_QUEUE_URL": s.DeadLetters,
	}
	for _, variable := range s.AWS.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		s.variables[name] = value
	}
	for dependency, handler := range map[Dependency]http.Handler{
		SecretsManager: s.AWS, Ledger: s.AWS, Queue: withoutDelay(s.AWS), Datadog: s.Datadog,
	} {
		if slices.Contains(closed, dependency) {
			address := ClosedAddress()
			s.variables[string(dependency)] = "http://" + address
			s.open[dependency] = sync.OnceFunc(func() { s.serve(address, handler) })
			continue
		}
		s.variables[string(dependency)] = s.serve("127.0.0.1:0", handler)
	}
	return s
}

// Open accepts connections to a dependency that was closed.
func (s *Stack) Open(dependency Dependency) {
	if open, ok := s.open[dependency]; ok {
		open()
	}
}

func (s *Stack) serve(address string, handler http.Handler) (url string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}} //nolint:gosec // Only the test calls it.
	server.Start()
	s.t.Cleanup(server.Close)
	return server.URL
}

// ClosedAddress returns an address that refuses connections, and whose port no system
// gives to another program by itself: those begin at 32768.
func ClosedAddress() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 16_000+rand.IntN(16_000)) //nolint:gosec // Chance is enough.
		if listener, err := net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
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

// check ends the test if the test's own means failed.
func (s *Stack) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Install puts the Datadog Lambda Extension beside the instances that start from now on.
func (s *Stack) Install(e *agenttest.Agent) { s.extension = e }

// ClearFaults ends all faults of Datadog and AWS.
func (s *Stack) ClearFaults() {
	s.Datadog.ClearFaults()
	s.AWS.ClearFaults()
}

// Output is what all instances wrote.
func (s *Stack) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all strings.Builder
	for _, i := range s.instances {
		fmt.Fprintf(&all, "%s wrote:\n%s", i.command.Path, i.Output())
	}
	return all.String()
}

// SetSecret adds a version to a secret.
func (s *Stack) SetSecret(arn, value string) {
	s.t.Helper()
	_, err := s.secrets.PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: &value})
	s.check(err)
}

// environment is that of a deployed function. In changes, an empty value removes a variable.
func (s *Stack) environment(changes map[string]string) (environ []string) {
	all := maps.Clone(s.variables)
	maps.Copy(all, changes)
	for name, value := range all {
		if value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}
