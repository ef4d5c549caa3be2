// Package cassette keeps Datadog's answers in files, one for each exchange, and
// gives them again. Keys, tokens and whatever names a person never reach a file.
package cassette

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// maxBodyBytes is more than any answer that the Datadog client reads.
const maxBodyBytes = 16 << 20

// exchange is a question and its answer, scrubbed.
type exchange struct {
	Request  request  `json:"request"`
	Response response `json:"response"`
}

type request struct {
	Method string     `json:"method"`
	Path   string     `json:"path"`
	Query  url.Values `json:"query,omitempty"`
	content
}

type response struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	content
}

// content is a body: JSON as JSON, and anything else as text.
type content struct {
	Body any    `json:"body,omitempty"`
	Text string `json:"text,omitempty"`
}

// name is what people call a request, and how files and errors do.
func (r request) name() string {
	name := r.Method + " " + r.Path
	if len(r.Query) > 0 {
		name += "?" + r.Query.Encode()
	}
	return name
}

// key tells requests apart: two with one key have one answer.
func (r request) key() string {
	raw, _ := json.Marshal(r.content) // It came from JSON, or is text.
	return r.name() + " " + string(raw)
}

// moment is a time in a request, in seconds, milliseconds or RFC 3339.
var moment = regexp.MustCompile(`\b1[0-9]{9}(?:[0-9]{3})?\b|\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T(?:[0-9:.]|%3A)+(?:Z|(?:[+-]|%2B)(?:[0-9:]|%3A)+)?`)

// timeless is the key without the times in it: a step that asks about "the last
// hour" asks again at another time.
func (r request) timeless() string { return moment.ReplaceAllString(r.key(), "<time>") }

// notInName is what a file's name is better off without.
var notInName = regexp.MustCompile(`[^A-Za-z0-9]+`)

const maxNameBytes = 60

// file is the name of the exchange's file: readable, and one for each key.
func (r request) file() string {
	readable := strings.Trim(notInName.ReplaceAllString(r.Method+"-"+r.Path, "-"), "-")
	sum := sha256.Sum256([]byte(r.key()))
	return strings.ToLower(readable[:min(len(readable), maxNameBytes)]) + "-" + hex.EncodeToString(sum[:4]) + ".json"
}

// asked returns a request as a cassette knows it, and leaves its body readable.
func (s scrubber) asked(r *http.Request) (request, error) {
	asked := request{Method: r.Method, Path: s.text(r.URL.Path), Query: s.query(r.URL.Query())}
	if r.Body == nil || r.Body == http.NoBody {
		return asked, nil
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes))
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(raw))
	asked.content = s.content(raw)
	return asked, err
}

// kept are the headers that an answer is read by.
var kept = []string{"Content-Type", "Retry-After"}

// answered returns an answer as a cassette knows it, and leaves its body readable.
func (s scrubber) answered(r *http.Response) (response, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes))
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(raw))
	answer := response{Status: r.StatusCode, Header: map[string]string{}, content: s.content(raw)}
	names := kept
	if r.StatusCode == http.StatusTooManyRequests {
		names = append(names[:len(names):len(names)], "X-Ratelimit-Reset")
	}
	for _, name := range names {
		if value := r.Header.Get(name); value != "" {
			answer.Header[name] = value
		}
	}
	return answer, err
}

// content decodes and scrubs a body. Numbers stay as they are spelled: an id of
// 64 bits is no float.
func (s scrubber) content(raw []byte) content {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var body any
	if err := decoder.Decode(&body); err != nil || decoder.More() || body == nil {
		return content{Text: s.text(string(raw))}
	}
	return content{Body: s.value(body, false)}
}

// bytes is the body as it is sent.
func (c content) bytes() ([]byte, error) {
	if c.Body == nil {
		return []byte(c.Text), nil
	}
	return json.Marshal(c.Body)
}
