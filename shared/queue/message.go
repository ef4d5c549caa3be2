// Package queue sends alerts to a later run through SQS, as messages of a stated version.
// Lambda's event source mapping receives them, and Decode reads them.
package queue

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/jsonvalue"
)

// The versions of messages. A message has the lowest that no older function misreads: a
// function that knows alerts and storms only would post the alert of version 2 again. A new
// field alone needs no new version, because Decode ignores unknown fields.
const (
	versionAlert  = 1 // an alert, or the summary of a storm
	versionStaged = 2 // work on an alert whose event is posted already
)

// Message is an alert for a later run.
type Message struct {
	Version int         `json:"version"` // set by Encode and Decode
	Alert   alert.Alert `json:"alert"`
	// ReceivedAt is when the alert first arrived.
	ReceivedAt time.Time `json:"received_at,omitzero"`
	// Reason says why the alert was queued, for people.
	Reason string `json:"reason,omitempty"`
	// Attempt counts how often the alert was queued before. SQS counts the deliveries of
	// one message; this counts messages.
	Attempt int `json:"attempt,omitempty"`
	// MaybePosted says that an earlier attempt may have posted the event.
	MaybePosted bool `json:"tried,omitempty"`
	// Storm asks for the summary of a storm. Alert is then one of the suppressed alerts.
	Storm *Storm `json:"storm,omitempty"`
	// FollowUp asks for the event that says what became of the alert.
	FollowUp *FollowUp `json:"follow_up,omitempty"`
	// Action asks for one step that runs after the event is posted.
	Action *Action `json:"action,omitempty"`
	// Trace is the trace context of the run that queued the alert, by header name.
	Trace map[string]string `json:"trace,omitempty"`
}

// Storm names the alerts of a summary.
type Storm struct {
	Source string    `json:"source"`
	Start  time.Time `json:"start"` // of the minute
	Limit  int       `json:"limit"` // how many alerts were allowed
}

// FollowUp is one of the at most two follow-ups of an alert cycle.
type FollowUp struct {
	Number int           `json:"number"` // 1 or 2
	After  time.Duration `json:"after"`  // the time since the alert's event, in nanoseconds
	// Then is how the alert stood at its event.
	Then enrich.Standing `json:"then,omitzero"`
}

// Action is a step that runs after the alert's event is posted, and that failed for now.
type Action struct {
	enrich.Action
	Posted event.Posted `json:"posted"` // the alert's event
	Title  string       `json:"title"`  // of the event
	// Kept has, of a step that is done, what is still to be kept.
	Kept map[string]string `json:"kept,omitempty"`
}

// maxActionBytes bounds an action's settings, so that its message fits.
const maxActionBytes = 512 << 10

// version returns the version that the message needs.
func (m Message) version() int {
	if m.FollowUp != nil || m.Action != nil {
		return versionStaged
	}
	return versionAlert
}

const (
	// MaxMessageBytes is the queue's MaximumMessageSize, the most that SQS allows,
	// attributes included. An alert's body has at most 256 KiB, so its message fits.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	MaxMessageBytes = 1 << 20
	// attributeReserve is kept back for the attributes.
	attributeReserve = 2 << 10
	maxBodyBytes     = MaxMessageBytes - attributeReserve
	// maxUnpackedBytes bounds a compressed message after decompression.
	maxUnpackedBytes = 8 << 20
	// maxReasonBytes bounds a reason, which may quote a service's answer.
	maxReasonBytes = 1 << 10
)

// envelope is a compressed message. The version is where an uncompressed one has it.
type envelope struct {
	Version int    `json:"version"`
	Gzip    []byte `json:"gzip"`
}

// Encode returns the body of the message, compressed if it does not fit otherwise. An
// error is a bug of ours: the message does not marshal, or not even its gzip fits.
func Encode(m Message) (string, error) {
	m.Version, m.Reason = m.version(), truncate(m.Reason, maxReasonBytes)
	if m.Action != nil && len(m.Action.With) > maxActionBytes {
		return "", fault.New(fault.Permanent, fmt.Sprintf("the settings of the step %s are larger than %d KiB, so that it cannot be queued", m.Action.Step, maxActionBytes>>10), nil)
	}
	body, err := marshal(m)
	if err == nil && len(body) > maxBodyBytes {
		body, err = marshal(envelope{Version: m.Version, Gzip: compress(body)})
	}
	if err == nil && len(body) > maxBodyBytes {
		err = fmt.Errorf("%d bytes", len(body))
	}
	if err != nil {
		return "", fault.New(fault.Internal, "the alert cannot be written as a queue message", err)
	}
	return body, nil
}

// marshal returns JSON that SQS accepts, without making <, > and & six times as long.
func marshal(v any) (string, error) {
	text, err := jsonvalue.Encode(v, "")
	return escapeForbidden.Replace(strings.ToValidUTF8(strings.TrimSuffix(text, "\n"), "\uFFFD")), err
}

// escapeForbidden escapes the characters that JSON allows and SQS does not. They can only
// be in strings, where the escape means the same.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
var escapeForbidden = strings.NewReplacer("\uFFFE", `\ufffe`, "\uFFFF", `\uffff`)

func compress(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // A buffer takes everything.
	_ = w.Close()
	return b.Bytes()
}

// Decode reads the body of an SQS message. Its errors are permanent (see package fault):
// the message belongs in the dead-letter queue.
func Decode(body string) (Message, error) {
	var v struct{ Version int }
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return Message{}, malformed(err)
	}
	if v.Version < versionAlert || v.Version > versionStaged {
		return Message{}, invalid("version", fmt.Sprintf("it is %d", v.Version), fmt.Sprintf(
			"the queue message is of version %d and this function reads versions %d to %d; deploy the version that wrote it, then redrive the dead-letter queue",
			v.Version, versionAlert, versionStaged))
	}
	var m struct {
		Message
		Gzip []byte `json:"gzip"`
	}
	err := json.Unmarshal([]byte(body), &m)
	if err == nil && len(m.Gzip) > 0 {
		err = decompress(m.Gzip, &m.Message)
	}
	if err != nil {
		return Message{}, malformed(err)
	}
	if m.Alert.ID == "" && m.Alert.Digest == "" {
		// All such alerts would have one key, and be duplicates of the first.
		return Message{}, invalid("alert", "it has neither an id nor a digest", "the queue message has no alert; look at it in the dead-letter queue, and delete it there")
	}
	m.Version = v.Version
	return m.Message, nil
}

func decompress(compressed []byte, m *Message) error {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxUnpackedBytes+1))
	if err != nil {
		return err
	}
	if len(text) > maxUnpackedBytes {
		return errors.New("it unpacks to more than 8 MiB")
	}
	return json.Unmarshal(text, m)
}

func malformed(err error) error {
	return fault.New(fault.Malformed, "Boomerang did not write this queue message; look at it in the dead-letter queue, and delete it there", err)
}

func invalid(field, problem, public string) error {
	e := fault.New(fault.Invalid, public, nil)
	e.Fields = []fault.Field{{Name: field, Problem: problem}}
	return e
}

// truncate returns at most limit bytes of s, in whole characters.
func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
