// Package request makes a Function URL request of what a user has: the request itself, the
// body of a webhook, or the payload template of one.
package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/payload"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/jsonvalue"
)

// Request is a request as the Function URL passes it to the function.
type Request struct {
	events.LambdaFunctionURLRequest
	Notes []string // what it was made of, if that is not obvious
}

// Read returns the request that a file or the input holds, as if it were sent now.
func Read(name string, stdin io.Reader, now time.Time) (Request, error) {
	content, err := Content(name, stdin)
	if err != nil {
		return Request{}, err
	}
	r, err := Of(content)
	if err == nil {
		r.LambdaFunctionURLRequest, err = functionurl.Fresh(r.LambdaFunctionURLRequest, now)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return r, err
}

// Content returns what a file holds, or the input if the name is "-".
func Content(name string, stdin io.Reader) ([]byte, error) {
	switch {
	case name == "-":
		return io.ReadAll(stdin)
	case strings.Contains(name, "://"):
		return nil, fmt.Errorf("%s is an address, and not read: give a file, or - for the standard input (curl … | boomerang … -)", name)
	}
	content, err := os.ReadFile(name)
	if info, failed := os.Stat(name); err != nil && failed == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name a file in it", name)
	}
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: %w", name, wrong.Err)
	}
	return content, err
}

// Of returns the request that the content is or becomes, with its own times.
func Of(content []byte) (Request, error) {
	content = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(content), []byte("\ufeff")))
	if len(content) == 0 {
		return Request{}, errors.New("it is empty: give the body of a webhook, or a Function URL request as in events/")
	}
	var r Request
	if !utf8.Valid(content) {
		r.Notes = []string{"the alert is not UTF-8: each character that cannot be read becomes �"}
	}
	if json.Unmarshal(content, &r.LambdaFunctionURLRequest) == nil && r.RequestContext.HTTP.Method != "" {
		return r, nil
	}
	fields := formOf(string(content))
	if isTemplate(string(content)) {
		r.Notes = append(r.Notes, "the alert is a payload template, filled with an example")
		for _, values := range fields {
			for i, value := range values {
				values[i] = payload.Fill(value, payload.Plain)
			}
		}
		content = []byte(payload.Fill(string(content), jsonvalue.InString))
	}
	contentType := "application/json"
	if fields != nil {
		content, contentType = []byte(fields.Encode()), "application/x-www-form-urlencoded"
	}
	err := r.wrap(content, contentType)
	return r, err
}

// wrap makes the request as Datadog and Lambda do, at the time that the body says.
func (r *Request) wrap(content []byte, contentType string) error {
	post, err := http.NewRequest(http.MethodPost, "/", bytes.NewReader(content)) //nolint:noctx // It is never sent.
	if err != nil {
		return err
	}
	post.Host, post.RemoteAddr = "localhost", "127.0.0.1"
	post.Header = http.Header{"Content-Type": {contentType}, "User-Agent": {"Datadog"}, "X-Webhook-Token": {sandbox.Token}}
	if r.LambdaFunctionURLRequest, err = functionurl.NewEvent(post, time.Now()); err != nil {
		return err
	}
	if a, err := handler.Decode(r.LambdaFunctionURLRequest); err == nil && !a.Date.IsZero() {
		r.RequestContext.TimeEpoch = a.Date.UnixMilli()
	}
	return nil
}

var (
	// always matches the variables that Datadog replaces for every event. A text may contain
	// the last ones.
	always = regexp.MustCompile(`\$(EVENT_TITLE|EVENT_MSG|TEXT_ONLY_MSG|EVENT_TYPE|ORG_ID|ORG_NAME|LAST_UPDATED)\b|[:=]\s*"?\$(ID|DATE|LINK|ALERT_ID)("|&|\s*[,}]|$)`)
	// filled matches an id or a date, which a body has where a template has variables.
	filled = regexp.MustCompile(`[0-9]{10}`)
	// form matches fields without spaces, or several fields.
	form = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*=(\S*$|[^\n]*&[A-Za-z][A-Za-z0-9_.-]*=)`)
)

func isTemplate(text string) bool {
	return always.MatchString(text) || payload.HasVariables(text) && !filled.MatchString(text)
}

// formOf returns the fields of a form, or nil.
func formOf(text string) url.Values {
	if !form.MatchString(text) {
		return nil
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil
	}
	return values
}
