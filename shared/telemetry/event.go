package telemetry

import (
	"encoding/json"
	"strings"
)

// shown is what the extension sees of an event: enough to tell what invoked the
// function, since when and in which trace. Bodies, tokens and addresses for answers
// stay here, so that no setting of the extension can send them anywhere.
type shown struct {
	// Of a Function URL.
	Headers        map[string]string `json:"headers,omitempty"`
	RequestContext json.RawMessage   `json:"requestContext,omitempty"`
	// Of SQS.
	Records []shownRecord `json:"Records,omitempty"`
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

// shownRecord is a record of SQS, whose body is there and empty: a record without one
// is none to the extension.
type shownRecord struct {
	MessageID         string                     `json:"messageId"`
	ReceiptHandle     string                     `json:"receiptHandle"`
	Body              emptied                    `json:"body"`
	MD5OfBody         string                     `json:"md5OfBody"`
	EventSource       string                     `json:"eventSource"`
	EventSourceARN    string                     `json:"eventSourceARN"`
	Region            string                     `json:"awsRegion"`
	Attributes        json.RawMessage            `json:"attributes,omitempty"`
	MessageAttributes map[string]json.RawMessage `json:"messageAttributes"`
}

// emptied is a text that is not kept.
type emptied struct{}

func (*emptied) UnmarshalJSON([]byte) error  { return nil }
func (emptied) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }

// traceAttribute is the attribute of a message in which Datadog looks for a trace.
const traceAttribute = "_datadog"

// seen returns what the extension sees of the event in payload.
func seen(payload []byte) []byte {
	var e shown
	if json.Unmarshal(payload, &e) != nil {
		return []byte("{}")
	}
	for name := range e.Headers {
		if !isShown(name) {
			delete(e.Headers, name)
		}
	}
	if len(e.RequestContext) > 0 && e.Headers == nil {
		e.Headers = map[string]string{}
	}
	if len(e.Records) > 0 {
		// The extension reads the first one only.
		e.Records = e.Records[:1]
		kept := map[string]json.RawMessage{}
		if carrier, ok := e.Records[0].MessageAttributes[traceAttribute]; ok {
			kept[traceAttribute] = carrier
		}
		e.Records[0].MessageAttributes = kept
	}
	text, err := json.Marshal(e)
	if err != nil {
		return []byte("{}")
	}
	return text
}

// isShown reports whether a header of a request is told: those that say where it came
// from, and in which trace.
func isShown(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "host", "user-agent", "content-type", "content-length", "traceparent", "tracestate", "x-amzn-trace-id", "x-amz-invocation-type":
		return true
	}
	return strings.HasPrefix(name, "x-datadog-")
}
