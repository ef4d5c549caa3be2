package fakeaws

import (
	"crypto/md5" //nolint:gosec // SQS's own checksum, which its SDK compares.
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type sendRequest struct {
	QueueUrl          string //nolint:revive // AWS's own name.
	MessageBody       string
	DelaySeconds      int
	MessageAttributes map[string]messageAttribute
}

// messageAttribute is a text or a number; SQS knows bytes too.
type messageAttribute struct {
	DataType    string
	StringValue string
}

// send takes a message
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
func (q *queues) send(in sendRequest, now time.Time) (any, error) {
	to, err := q.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	m := &message{
		id: q.nextID(), body: in.MessageBody, attributes: in.MessageAttributes,
		sent: now, visible: now.Add(time.Duration(in.DelaySeconds) * time.Second),
	}
	to.messages = append(to.messages, m)
	sums := map[string]string{"MessageId": m.id, "MD5OfMessageBody": sumOfBody(m.body)}
	if len(m.attributes) > 0 {
		sums["MD5OfMessageAttributes"] = sumOfAttributes(m.attributes)
	}
	return sums, nil
}

func (in sendRequest) check() error {
	size := len(in.MessageBody)
	for name, a := range in.MessageAttributes {
		size += len(name) + len(a.DataType) + len(a.StringValue)
		if err := a.check(name); err != nil {
			return err
		}
	}
	switch {
	case in.MessageBody == "":
		return refusal{kind: amazonSQS.shapes + "MissingParameter", message: "The request must contain the parameter MessageBody."}
	case !allowedText(in.MessageBody):
		return refusal{
			kind:    amazonSQS.shapes + "InvalidMessageContents",
			message: "Invalid binary character was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
		}
	case size > maxMessageBytes:
		return fmt.Errorf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", maxMessageBytes)
	case in.DelaySeconds < 0 || time.Duration(in.DelaySeconds)*time.Second > maxDelay:
		return fmt.Errorf("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= %d.", in.DelaySeconds, int(maxDelay.Seconds()))
	case len(in.MessageAttributes) > maxAttributes:
		return errors.New("Number of message attributes exceeds the allowed maximum.")
	}
	return nil
}

func (a messageAttribute) check(name string) error {
	switch {
	case a.DataType != "String" && a.DataType != "Number":
		return fmt.Errorf("the stand-in knows attributes of the types String and Number; the message attribute %q is a %q", name, a.DataType)
	case a.StringValue == "":
		return fmt.Errorf("The message attribute %q must contain a non-empty message attribute value for message attribute type %q.", name, a.DataType)
	case !allowedText(a.StringValue):
		return fmt.Errorf("The message attribute %q contains an invalid character.", name)
	}
	return nil
}

// allowedText reports whether SQS takes every character of s, which are those of XML 1.0.
func allowedText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFE' || r == '\uFFFF'
	})
}

func sumOfBody(body string) string {
	sum := md5.Sum([]byte(body)) //nolint:gosec // See the import.
	return hex.EncodeToString(sum[:])
}

// sumOfAttributes is over each attribute's name, type and value, in the order of
// the names, each part after its length
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html).
func sumOfAttributes(attributes map[string]messageAttribute) string {
	const textual = 1 // What follows is text and not bytes.
	var parts []byte
	add := func(s string) {
		parts = append(binary.BigEndian.AppendUint32(parts, uint32(len(s))), s...) //nolint:gosec // A message is far shorter than 4 GiB.
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		add(name)
		add(attributes[name].DataType)
		parts = append(parts, textual)
		add(attributes[name].StringValue)
	}
	return sumOfBody(string(parts))
}
