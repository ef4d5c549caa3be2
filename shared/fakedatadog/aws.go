package fakedatadog

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"

	"boomerang/shared/fakeaws"
)

// This file serves package fakeaws behind the same listener. Nothing else in this
// package is about AWS.

// The routes of AWS's services.
const (
	SecretsGet          Route = fakeaws.SecretsGet
	SecretsPut          Route = fakeaws.SecretsPut
	SecretsStage        Route = fakeaws.SecretsStage
	DynamoDBPut         Route = fakeaws.DynamoDBPut
	DynamoDBUpdate      Route = fakeaws.DynamoDBUpdate
	DynamoDBDelete      Route = fakeaws.DynamoDBDelete
	DynamoDBGet         Route = fakeaws.DynamoDBGet
	DynamoDBBatchGet    Route = fakeaws.DynamoDBBatchGet
	SQSSend             Route = fakeaws.SQSSend
	SQSReceive          Route = fakeaws.SQSReceive
	SQSDelete           Route = fakeaws.SQSDelete
	SQSDeleteBatch      Route = fakeaws.SQSDeleteBatch
	SQSChangeVisibility Route = fakeaws.SQSChangeVisibility
	SQSAttributes       Route = fakeaws.SQSAttributes
)

// What there is of AWS.
const (
	DefaultToken         = "fake-webhook-token"
	DefaultDatadogSecret = "boomerang/datadog"
	DefaultWebhookSecret = "boomerang/webhook"
	LedgerTable          = fakeaws.LedgerTable
	RedeliveryQueue      = fakeaws.RedeliveryQueue
	DeadLetterQueue      = fakeaws.DeadLetterQueue
)

// QueuedMessage is a message of a queue.
type QueuedMessage = fakeaws.QueuedMessage

// QueueURL returns the URL of a queue.
func QueueURL(name string) string { return fakeaws.QueueURL(name) }

const amzTarget = "X-Amz-Target"

func (s *Server) awsRoutes() []route {
	var routes []route
	for _, operation := range s.aws.Operations() {
		routes = append(routes, route{name: Route(operation.Name), aws: &operation})
	}
	return routes
}

func awsAnswer(a fakeaws.Answer) answer {
	return answer{status: a.Status, media: a.Media, header: a.Header, body: a.Body}
}

// awsRoute returns the route of a call that has no path of its own: AWS names the
// operation in a header.
func (s *Server) awsRoute(r *http.Request) route {
	target := r.Header.Get(amzTarget)
	for _, rt := range s.table {
		if rt.aws != nil && rt.aws.Target == target && r.Method == http.MethodPost && r.URL.Path == "/" {
			return rt
		}
	}
	if target != "" {
		return route{access: public, handle: func(*call) answer { return awsAnswer(fakeaws.UnknownOperation()) }}
	}
	return notFound
}

func (s *Server) addSecrets(o Options) {
	s.aws.SetSecret(cmp.Or(o.DatadogSecret, DefaultDatadogSecret), datadogSecret(s.keys.api, s.keys.app), s.now())
	s.aws.SetSecret(cmp.Or(o.WebhookSecret, DefaultWebhookSecret), webhookSecret(cmp.Or(o.Token, DefaultToken)), s.now())
}

// SetSecret gives a secret, named by name or ARN, a new value.
func (s *Server) SetSecret(id, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aws.SetSecret(id, value, s.now())
}

// SecretARN returns the ARN of a secret, empty when there is no such secret.
func (s *Server) SecretARN(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aws.SecretARN(name)
}

// Items returns what the ledger's table holds, ordered by id.
func (s *Server) Items() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aws.Items()
}

// Messages returns what is in a queue, the longest there first.
func (s *Server) Messages(queueName string) []QueuedMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aws.Messages(queueName)
}

type secretCommand struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (s *Server) registerAWSControls() {
	handleGet(s.mux, "items", s.Items)
	handleGet(s.mux, "messages", func() map[string][]QueuedMessage {
		return map[string][]QueuedMessage{RedeliveryQueue: s.Messages(RedeliveryQueue), DeadLetterQueue: s.Messages(DeadLetterQueue)}
	})
	handlePost(s.mux, "secrets", strict, func(in secretCommand) (any, error) {
		if in.Name == "" {
			return nil, errors.New("name the secret to set")
		}
		s.SetSecret(in.Name, in.Value)
		return nil, nil
	})
}

func datadogSecret(apiKey, appKey string) string {
	return secretJSON(map[string]string{"api_key": apiKey, "app_key": appKey})
}

func webhookSecret(token string) string {
	return secretJSON(map[string]string{"token": token})
}

func secretJSON(fields map[string]string) string {
	b, _ := json.Marshal(fields) // A map of strings always encodes.
	return string(b)
}
