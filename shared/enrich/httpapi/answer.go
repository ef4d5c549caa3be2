package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxAnswerBytes is more than anyone reads in an event.
const maxAnswerBytes = 256 << 10

var (
	errTooLarge = errors.New("the answer is larger than 256 KiB")
	errNotJSON  = errors.New("the answer says that it is JSON, and is not")
)

// answer is an HTTP answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   any
}

func (c call) do(ctx context.Context, client *Client) (answer, error) {
	response, err := client.http.Do(c.request)
	if err != nil {
		return answer{}, c.unanswered(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes+1))
	if len(raw) > maxAnswerBytes {
		err = errTooLarge
	}
	a := answer{status: response.StatusCode, header: response.Header}
	var unreadable error
	if err == nil {
		a.body, unreadable = c.decoded(raw, response.Header.Get("Content-Type"))
	}
	switch {
	case !c.wanted(a.status):
		return answer{}, c.refused(a)
	case err != nil:
		return answer{}, c.unread(ctx, err)
	case unreadable != nil && a.status != http.StatusNotFound:
		return answer{}, c.unread(ctx, unreadable)
	}
	return a, nil
}

// wanted is true of the statuses that answer the question. That there is no such
// thing answers one that was asked with GET.
func (c call) wanted(status int) bool {
	return status >= 200 && status < 300 || status == http.StatusNotFound && c.request.Method == http.MethodGet
}

// decoded returns the JSON that an answer holds, or its text when it does not
// claim to be JSON; without the secret, which some servers send back.
func (c call) decoded(raw []byte, contentType string) (any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	err := decoder.Decode(&v)
	if _, more := decoder.Token(); err == nil && !errors.Is(more, io.EOF) {
		err = errNotJSON
	}
	switch {
	case err == nil:
		return c.cleaned(v), nil
	case isJSON(contentType) || !utf8.Valid(raw):
		return nil, errNotJSON
	}
	return c.cleaned(string(raw)), nil
}

func isJSON(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// cleaned hides the secret in v, and makes each number an int64 where it is one:
// an id of 64 bits stays what it is, and expressions can compare.
func (c call) cleaned(v any) any {
	switch v := v.(type) {
	case string:
		return c.hide(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // One that no float64 holds is infinite, which JSON cannot say.
		if _, err := json.Marshal(f); err != nil {
			return v.String()
		}
		return f
	case []any:
		for i := range v {
			v[i] = c.cleaned(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, value := range v {
			clean[c.hide(key)] = c.cleaned(value)
		}
		return clean
	}
	return v
}

func (c call) hide(text string) string {
	if c.secret == "" {
		return text
	}
	return strings.ReplaceAll(text, c.secret, "<secret>")
}

// maxRetryAfter is longer than any pause that is worth keeping.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long the server asks to be left alone, in seconds or until a
// date (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3).
func (a answer) retryAfter(now time.Time) time.Duration {
	value := a.header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if until, err := http.ParseTime(value); err == nil {
		return min(max(0, until.Sub(now)), maxRetryAfter)
	}
	return 0
}
