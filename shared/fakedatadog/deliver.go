package fakedatadog

import (
	"cmp"
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
	Status int    `json:"status"`
	Body   string `json:"body"`
}

// Deliver calls a webhook once, as Datadog does for a monitor's alert. In the webhook's
// URL, headers and payload it replaces $NAME by the custom variable or the given value
// of that name. An error means that there was no answer.
func (s *Server) Deliver(ctx context.Context, name string, values map[string]string) (Delivery, error) {
	request, err := s.delivery(ctx, name, values)
	if err != nil {
		return Delivery{}, err
	}
	client := http.Client{Timeout: deliveryTimeout}
	response, err := client.Do(request)
	if err != nil {
		return Delivery{}, fmt.Errorf("call the webhook %s: %w", name, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes))
	if err != nil {
		return Delivery{}, fmt.Errorf("read the answer of the webhook %s: %w", name, err)
	}
	return Delivery{Status: response.StatusCode, Body: string(body)}, nil
}

func (s *Server) delivery(ctx context.Context, name string, values map[string]string) (*http.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	webhook, exists := s.webhooks.get(name)
	if !exists {
		return nil, fmt.Errorf("there is no webhook %q", name)
	}
	if webhook.EncodeAs != "json" {
		return nil, fmt.Errorf("the webhook %s is encoded as %s, and fakedatadog sends JSON only", name, webhook.EncodeAs)
	}
	payload := strings.NewReader(s.resolve(webhook.Payload, values, escapeJSON))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.resolve(webhook.URL, values, asIs), payload)
	if err != nil {
		return nil, fmt.Errorf("the webhook %s has an invalid URL: %w", name, err)
	}
	request.Header.Set("Content-Type", mediaJSON)
	request.Header.Set("User-Agent", "Datadog")
	var headers map[string]string
	if err := json.Unmarshal([]byte(cmp.Or(valueOr(webhook.CustomHeaders, ""), "null")), &headers); err != nil {
		return nil, fmt.Errorf("the custom headers of the webhook %s are not a JSON object of strings: %w", name, err)
	}
	for header, value := range headers {
		request.Header.Set(header, s.resolve(value, values, asIs))
	}
	return request, nil
}

var variableReference = regexp.MustCompile(`\$[A-Z0-9_]+`)

// resolve replaces variables by their values. An unknown name stays.
func (s *Server) resolve(text string, values map[string]string, escape func(string) string) string {
	return variableReference.ReplaceAllStringFunc(text, func(reference string) string {
		if custom, exists := s.variables.get(reference[1:]); exists {
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
