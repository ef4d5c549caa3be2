package fakedatadog

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

const (
	deliveryTimeout  = 15 * time.Second // Datadog's.
	maxResponseBytes = 1 << 20
)

// Delivery is the answer of a webhook's receiver.
type Delivery struct {
	Status int
	Body   string
}

// Deliver calls a webhook once, as Datadog does for a monitor's alert. In the webhook's
// URL, headers and payload it replaces $NAME by the custom variable or the given value
// of that name. An error means that there was no answer.
func (s *Server) Deliver(ctx context.Context, name string, values map[string]string) (Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	request, err := s.delivery(ctx, name, values)
	if err != nil {
		return Delivery{}, fmt.Errorf("prepare the call of the webhook %q: %w", name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Delivery{}, fmt.Errorf("call the webhook %s: %w", name, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes))
	return Delivery{Status: response.StatusCode, Body: string(body)}, err
}

func (s *Server) delivery(ctx context.Context, name string, values map[string]string) (*http.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	webhook, exists := s.webhooks.find(name)
	if !exists || webhook.EncodeAs != "json" {
		return nil, fmt.Errorf("it is encoded as %q: fakedatadog sends JSON only, to webhooks that exist", webhook.EncodeAs)
	}
	var headers map[string]string
	if err := json.Unmarshal([]byte(valueOr(webhook.CustomHeaders, "{}")), &headers); err != nil {
		return nil, err
	}
	payload := strings.NewReader(s.resolve(webhook.Payload, values, escapeJSON))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.resolve(webhook.URL, values, asIs), payload)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", mediaJSON)
	request.Header.Set("User-Agent", "Datadog")
	for header, value := range headers {
		request.Header.Set(header, s.resolve(value, values, asIs))
	}
	return request, nil
}

var variableReference = regexp.MustCompile(`\$[A-Z0-9_]+`)

// resolve replaces variables by their values. An unknown name stays.
func (s *Server) resolve(text string, values map[string]string, escape func(string) string) string {
	return variableReference.ReplaceAllStringFunc(text, func(reference string) string {
		if custom, exists := s.variables.find(reference[1:]); exists {
			return escape(valueOr(custom.Value, ""))
		}
		if value, given := values[reference[1:]]; given {
			return escape(value)
		}
		return reference
	})
}

func asIs(value string) string { return value }

// escapeJSON returns value as it is between the quotes of a JSON string.
func escapeJSON(value string) string {
	quoted, _ := json.Marshal(value) // A string always encodes.
	return string(quoted[1 : len(quoted)-1])
}
