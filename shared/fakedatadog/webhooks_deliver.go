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

// deliveryTimeout is how long Datadog waits for a webhook's answer.
const deliveryTimeout = 15 * time.Second

// maxAnswerBytes is how much of a webhook's answer is kept.
const maxAnswerBytes = 1 << 20

// Delivery is what a webhook's receiver answered.
type Delivery struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
}

// Deliver calls a webhook once, as Datadog does when a monitor's message names it:
// in its URL, its headers and its payload, custom variables and the given ones,
// "ALERT_ID" and the like, stand in the place of their names. It does not come again
// after a failure. An error says that there was no answer.
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
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return Delivery{}, fmt.Errorf("read what the webhook %s answered: %w", name, err)
	}
	return Delivery{Status: response.StatusCode, Body: string(body)}, nil
}

func (s *Server) delivery(ctx context.Context, name string, values map[string]string) (*http.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	webhook, exists := s.webhooks.byName[name]
	if !exists {
		return nil, fmt.Errorf("there is no webhook %q", name)
	}
	if webhook.EncodeAs != "json" {
		return nil, fmt.Errorf("the webhook %s is encoded as %s, and the stand-in sends JSON only", name, webhook.EncodeAs)
	}
	resolve := func(text string, escape func(string) string) string {
		return s.webhooks.resolve(text, values, escape)
	}
	asIs := func(value string) string { return value }
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, resolve(webhook.URL, asIs), strings.NewReader(resolve(webhook.Payload, inJSON)))
	if err != nil {
		return nil, fmt.Errorf("the webhook %s has no URL that can be called: %w", name, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Datadog")
	var headers map[string]string
	if webhook.CustomHeaders != nil {
		if err := json.Unmarshal([]byte(cmp.Or(*webhook.CustomHeaders, "null")), &headers); err != nil {
			return nil, fmt.Errorf("the custom headers of the webhook %s are no JSON object of texts: %w", name, err)
		}
	}
	for header, value := range headers {
		request.Header.Set(header, resolve(value, asIs))
	}
	return request, nil
}

var variableReference = regexp.MustCompile(`\$[A-Z0-9_]+`)

// resolve puts values in the place of their names. A name that nobody knows stays.
func (w *webhooks) resolve(text string, values map[string]string, escape func(string) string) string {
	return variableReference.ReplaceAllStringFunc(text, func(reference string) string {
		name := reference[1:]
		if custom, exists := w.variables[name]; exists {
			return escape(custom.value)
		}
		if value, given := values[name]; given {
			return escape(value)
		}
		return reference
	})
}

// inJSON returns what stands for value between the quotes of a JSON string.
func inJSON(value string) string {
	quoted, _ := json.Marshal(value) // A string always encodes.
	return string(quoted[1 : len(quoted)-1])
}
