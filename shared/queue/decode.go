package queue

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"boomerang/shared/fault"
)

// maxUnpackedBytes bounds what a compressed message may become. An alert is at
// most 256 KiB when it arrives, and its JSON form a few times that.
const maxUnpackedBytes = 8 << 20

// Decode reads the body of an SQS message. Its errors are permanent, malformed or
// invalid (see package fault): the same body will fail again, and belongs into
// the dead-letter queue.
func Decode(body string) (Message, error) {
	var v struct{ Version int }
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return Message{}, malformed(err)
	}
	if v.Version != Version {
		return Message{}, unknownVersion(v.Version)
	}
	m, err := read(body)
	if err != nil {
		return Message{}, malformed(err)
	}
	if m.Alert.ID == "" && m.Alert.Digest == "" {
		// Every such alert would have the same key, and be taken for a duplicate of the first.
		return Message{}, invalid("alert", "it has neither an id nor a digest", "the queue message carries no alert; look at it in the dead-letter queue, and delete it there")
	}
	m.Version = Version
	return m, nil
}

// read reads a message of this version, compressed or not.
func read(body string) (Message, error) {
	var m struct {
		Message
		Gzip []byte `json:"gzip"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || len(m.Gzip) == 0 {
		return m.Message, err
	}
	text, err := unpack(m.Gzip)
	if err != nil {
		return Message{}, err
	}
	err = json.Unmarshal(text, &m.Message)
	return m.Message, err
}

func unpack(compressed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxUnpackedBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxUnpackedBytes {
		return nil, errors.New("it unpacks to more than 8 MiB")
	}
	return text, nil
}

func malformed(err error) error {
	return fault.New(fault.Malformed, "the queue message is not one that Boomerang wrote; look at it in the dead-letter queue, and delete it there", err)
}

func unknownVersion(v int) error {
	return invalid("version", fmt.Sprintf("it is %d", v), fmt.Sprintf(
		"the queue message is of version %d and this function reads version %d; deploy the version that wrote it, then redrive the dead-letter queue", v, Version))
}

func invalid(field, problem, public string) error {
	e := fault.New(fault.Invalid, public, nil)
	e.Fields = []fault.Field{{Name: field, Problem: problem}}
	return e
}
