// Package queue carries an alert from one run to a later one, through SQS: a
// message of a stated version, always within the queue's size limit.
//
// Receiving is Lambda's event source mapping; what it hands over is for Decode.
package queue

import (
	"time"

	"boomerang/shared/alert"
)

// Version is the version of the messages that Encode writes. It goes up when an
// older function could misread a message, not when a field is added: fields that
// Decode does not know are ignored.
const Version = 1

// Message is an alert on its way to a later run.
type Message struct {
	// Version is set by Encode and by Decode, whatever the caller put there.
	Version int         `json:"version"`
	Alert   alert.Alert `json:"alert"`
	// ReceivedAt is when the alert first reached us.
	ReceivedAt time.Time `json:"received_at,omitzero"`
	// Reason says for people why the alert was queued.
	Reason string `json:"reason,omitempty"`
	// Attempt is how many times the alert was queued before. SQS counts the
	// deliveries of one message; this counts its messages.
	Attempt int `json:"attempt,omitempty"`
	// MaybePosted says that an earlier attempt may have posted the alert's event.
	MaybePosted bool `json:"tried,omitempty"`
	// Storm is set when the message asks for the summary of what a storm held
	// back; Alert is then one of those alerts.
	Storm *Storm `json:"storm,omitempty"`
	// Trace is the trace context of the run that queued the alert, by header name.
	Trace map[string]string `json:"trace,omitempty"`
}

// Storm names the alerts that a summary is about.
type Storm struct {
	Source string    `json:"source"`
	Start  time.Time `json:"start"` // of the minute that they came in
	Limit  int       `json:"limit"` // how many passed
}
