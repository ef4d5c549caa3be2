package handler

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

// maxBodyBytes limits the body after base64. Datadog documents no limit; an alert with
// every variable has a few tens of KiB.
const maxBodyBytes = 256 << 10

// A Function URL delivers header names in lower case
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html).
const (
	headerToken         = "x-webhook-token"
	headerAuthorization = "authorization"
	headerContentType   = "content-type"
	headerDryRun        = "x-dry-run" // "true" returns the event instead of posting it
)

func method(r events.LambdaFunctionURLRequest) string {
	return strings.ToUpper(r.RequestContext.HTTP.Method)
}

// header returns a header's value. The names in events that people write by hand may
// have upper case.
func header(r events.LambdaFunctionURLRequest, name string) string {
	if value, ok := r.Headers[name]; ok {
		return strings.TrimSpace(value)
	}
	for key, value := range r.Headers {
		if strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// token returns the token of our own header, a bearer token (RFC 6750), or the password of
// basic authentication (RFC 7617), which Datadog sends for https://user:password@host.
func token(r events.LambdaFunctionURLRequest) string {
	if t := header(r, headerToken); t != "" {
		return t
	}
	scheme, credentials, _ := strings.Cut(header(r, headerAuthorization), " ")
	credentials = strings.TrimSpace(credentials)
	switch strings.ToLower(scheme) {
	case "bearer":
		return credentials
	case "basic":
		pair, err := base64.StdEncoding.DecodeString(credentials)
		if err != nil {
			return ""
		}
		_, password, _ := strings.Cut(string(pair), ":")
		return password
	}
	return ""
}

// isForm matches a form, for which a proxy may have set another media type.
var isForm = alert.Pattern(`^\w[\w.%\[\]-]*=[^\s"{]*$`)

// Decode returns the alert of a request that can be read. Datadog sends JSON unless the webhook says
// "Encode as form". A proxy may set another media type, and Datadog does not resend a rejected alert.
func Decode(r events.LambdaFunctionURLRequest) (alert.Alert, error) {
	media, params, _ := mime.ParseMediaType(header(r, headerContentType)) // Of an unreadable one, the body decides.
	if !isText(media, params["charset"]) {
		return alert.Alert{}, errMediaType
	}
	body, err := body(r)
	if err != nil {
		return alert.Alert{}, err
	}
	read := alert.Decode
	if media == "application/x-www-form-urlencoded" || isForm().Match(body) {
		read = alert.DecodeForm
	}
	a, err := read(body)
	return a, decodeFault(err)
}

// isText reports whether a body of a media type and charset can be text in UTF-8. The names of JSON
// are ASCII, so other charsets of single bytes can be read, too.
func isText(media, charset string) bool {
	kind, _, _ := strings.Cut(media, "/")
	charset = strings.ToLower(charset)
	return !slices.Contains([]string{"image", "audio", "video", "font", "model"}, kind) && !strings.HasPrefix(charset, "utf-16") && !strings.HasPrefix(charset, "utf-32")
}

var errMediaType = fault.New(fault.UnsupportedMedia, "send application/json in UTF-8, or application/x-www-form-urlencoded as Datadog's \"Encode as form\" does", nil)

// body returns the request's bytes, as they were before a proxy compressed them. It rejects a body
// that is too large, and never truncates one.
func body(r events.LambdaFunctionURLRequest) ([]byte, error) {
	raw := []byte(r.Body)
	if r.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			return nil, fault.New(fault.Malformed, "the body is not valid base64, although isBase64Encoded says so", err)
		}
		raw = decoded
	}
	if z, err := gzip.NewReader(bytes.NewReader(raw)); err == nil { // A proxy's.
		if plain, err := io.ReadAll(io.LimitReader(z, maxBodyBytes+1)); err == nil {
			raw = plain
		}
	}
	if len(raw) > maxBodyBytes {
		return nil, errTooLarge
	}
	return raw, nil
}

var errTooLarge = fault.New(fault.TooLarge, "the body is larger than 256 KiB; shorten the webhook's payload template", nil)

func decodeFault(err error) error {
	if err == nil {
		return nil
	}
	if invalid, ok := errors.AsType[*alert.InvalidError](err); ok {
		e := fault.New(fault.Invalid, "the payload has no alert: at least one of id, title and body is required", nil)
		for _, p := range invalid.Problems {
			e.Fields = append(e.Fields, fault.Field{Name: p.Field, Problem: p.Reason})
		}
		return e
	}
	return fault.New(fault.Malformed, err.Error(), nil)
}
