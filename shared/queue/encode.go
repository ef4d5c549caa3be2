package queue

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"

	"boomerang/shared/fault"
)

const (
	// maxMessageBytes is what every SQS queue takes, attributes included. Queues
	// may be set to take more by now; one that is not must not lose the alert.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	maxMessageBytes = 256 << 10
	// attributeReserve is kept back for names, types and values of the attributes.
	attributeReserve = 1 << 10
	maxBodyBytes     = maxMessageBytes - attributeReserve
)

// envelope is a compressed message. Whichever version wrote it, and compressed or
// not, a message says its version in the same place. encoding/json writes Gzip as
// base64, because SQS takes text only.
type envelope struct {
	Version int    `json:"version"`
	Gzip    []byte `json:"gzip"`
}

// Encode returns the message as the body of an SQS message, JSON of at most
// 255 KiB: as it is if it fits, compressed otherwise, and when that is too
// large as well (an alert that compresses badly), without parts of the alert, in the
// order of cuts. Each part left out is named in the alert's Unreadable.
//
// An error is a mistake of ours: a message that has no JSON form at all.
func Encode(m Message) (string, error) {
	m.Version = Version
	body, err := pack(m)
	for _, c := range cuts {
		if err == nil && len(body) <= maxBodyBytes {
			break
		}
		if c.apply(&m) {
			body, err = pack(m)
		}
	}
	if err != nil {
		return "", fault.New(fault.Internal, "the alert could not be written as a queue message", err)
	}
	return body, nil
}

// pack returns the message as it is if it fits, and compressed otherwise; not
// so large a one that Decode would refuse to unpack it.
func pack(m Message) (string, error) {
	plain, err := marshal(m)
	if err != nil || len(plain) <= maxBodyBytes || len(plain) > maxUnpackedBytes {
		return plain, err
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write([]byte(plain)); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return marshal(envelope{Version: m.Version, Gzip: compressed.Bytes()})
}

// marshal writes JSON that SQS accepts, without making <, > and & six times as long.
func marshal(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return allowed.Replace(strings.ToValidUTF8(strings.TrimSuffix(b.String(), "\n"), "\uFFFD")), nil
}

// allowed escapes the characters that JSON may contain and SQS refuses, with the
// whole message. They can only stand inside strings, where the escape means the same.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
var allowed = strings.NewReplacer("\uFFFE", `\ufffe`, "\uFFFF", `\uffff`)
