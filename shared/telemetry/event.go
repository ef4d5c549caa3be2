package telemetry

import (
	"encoding/json"
	"maps"
	"strings"
)

// redactedEvent is what the extension sees of an event: what invoked the function, when
// and in which trace. Bodies, tokens and response URLs are left out, so that no setting
// of the extension can send them anywhere.
type redactedEvent struct {
	// Of a Function URL.
	Headers        map[string]string `json:"headers,omitempty"`
	RequestContext json.RawMessage   `json:"requestContext,omitempty"`
	// Of SQS.
	Records []redactedRecord `json:"Records,omitempty"`
	// Of EventBridge. Nothing of its detail is kept.
	Version    string          `json:"version,omitempty"`
	ID         string          `json:"id,omitempty"`
	DetailType string          `json:"detail-type,omitempty"`
	Source     string          `json:"source,omitempty"`
	Account    string          `json:"account,omitempty"`
	Time       string          `json:"time,omitempty"`
	Region     string          `json:"region,omitempty"`
	Resources  json.RawMessage `json:"resources,omitempty"`
	Detail     *struct{}       `json:"detail,omitempty"`
}

// redactedRecord is a record of SQS with an empty body. The extension ignores a record
// that has no body.
type redactedRecord struct {
	MessageID         string                     `json:"messageId"`
	ReceiptHandle     string                     `json:"receiptHandle"`
	Body              redactedText               `json:"body"`
	MD5OfBody         string                     `json:"md5OfBody"`
	EventSource       string                     `json:"eventSource"`
	EventSourceARN    string                     `json:"eventSourceARN"`
	Region            string                     `json:"awsRegion"`
	Attributes        json.RawMessage            `json:"attributes,omitempty"`
	MessageAttributes map[string]json.RawMessage `json:"messageAttributes"`
}

type redactedText struct{}

func (*redactedText) UnmarshalJSON([]byte) error  { return nil }
func (redactedText) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }

const (
	// traceAttribute is the message attribute in which Datadog looks for a trace.
	traceAttribute = "_datadog"
	// maxRedactedEvent bounds what the extension has to hold in memory.
	maxRedactedEvent = 64 << 10
)

// RedactEvent returns what Datadog may see of an event.
func RedactEvent(payload []byte) []byte {
	var e redactedEvent
	if json.Unmarshal(payload, &e) != nil {
		return []byte("{}")
	}
	maps.DeleteFunc(e.Headers, func(name, _ string) bool { return !isPublicHeader(name) })
	if len(e.RequestContext) > 0 && e.Headers == nil {
		e.Headers = map[string]string{}
	}
	if len(e.Records) > 0 {
		// The extension reads only the first record.
		e.Records = e.Records[:1]
		kept := map[string]json.RawMessage{}
		if carrier, ok := e.Records[0].MessageAttributes[traceAttribute]; ok {
			kept[traceAttribute] = carrier
		}
		e.Records[0].MessageAttributes = kept
	}
	text, err := json.Marshal(e)
	if err != nil || len(text) > maxRedactedEvent {
		return []byte("{}")
	}
	return text
}

// isPublicHeader allows the headers that say where a request came from and in which trace.
func isPublicHeader(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "host", "user-agent", "content-type", "content-length", "traceparent", "tracestate", "x-amzn-trace-id", "x-amz-invocation-type":
		return true
	}
	return strings.HasPrefix(name, "x-datadog-")
}
