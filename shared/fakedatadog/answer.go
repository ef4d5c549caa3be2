package fakedatadog

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"boomerang/shared/httpfault"
	"boomerang/shared/jsonvalue"
)

const (
	mediaJSON = "application/json"
	mediaText = "text/plain; charset=utf-8"
	// mediaVendor is the media type of the newer v2 endpoints (https://jsonapi.org).
	mediaVendor = "application/vnd.api+json"
)

// answer is a whole response before it is encoded.
type answer struct {
	status int
	media  string
	header http.Header
	value  any // The body: a string as it is, everything else as JSON.
}

func (a answer) as(media string) answer {
	a.media = media
	return a
}

// response encodes JSON as Datadog does, without escaping <, > and &.
func (a answer) response() httpfault.Response {
	r := httpfault.Response{Status: a.status, Header: http.Header{}}
	maps.Copy(r.Header, a.header)
	if a.media != "" {
		r.Header.Set("Content-Type", a.media)
	}
	switch body := a.value.(type) {
	case nil:
	case string:
		r.Body = []byte(body)
	default:
		text, err := jsonvalue.Encode(body, "")
		if err != nil {
			panic(err) // A test added what JSON cannot have.
		}
		r.Body = []byte(text)
	}
	return r
}

func success(v any) answer { return jsonAnswer(http.StatusOK, v) }

func jsonAnswer(status int, v any) answer { return answer{status: status, media: mediaJSON, value: v} }

// failure answers in the error format of the v1 API.
func failure(status int, text string) answer {
	return jsonAnswer(status, object{"errors": []string{text}})
}

// gatewayFailure answers as the gateway before Datadog's services does, 403 to a
// wrong key and 5xx for a service that is down.
func gatewayFailure(status int) answer {
	return jsonAnswer(status, object{
		"status": "error", "code": status, "errors": []string{statusText(status)},
		"statuspage": "http://status.datadoghq.com", "twitter": "http://twitter.com/datadogops", "email": "support@datadoghq.com",
	})
}

// datadogFailure answers what Datadog sends with a status. A 504 comes from the
// load balancer, which sends HTML.
func datadogFailure(status int) answer {
	switch {
	case status == http.StatusNoContent, status == http.StatusNotModified:
		return answer{status: status}
	case status == http.StatusGatewayTimeout:
		const page = "<html>\n<head><title>504 Gateway Time-out</title></head>\n" +
			"<body>\n<center><h1>504 Gateway Time-out</h1></center>\n</body>\n</html>\n"
		return answer{status: status, media: "text/html", value: page}
	case status == http.StatusForbidden, status >= http.StatusInternalServerError:
		return gatewayFailure(status)
	}
	return failure(status, statusText(status))
}

func statusText(status int) string {
	return cmp.Or(http.StatusText(status), fmt.Sprintf("Error %d", status))
}

// decode decodes the body over v. If it cannot, the call's answer is 400.
func (c *call) decode(v any) bool {
	err := json.Unmarshal(c.body, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		c.fail(invalidValue, wrong.Field)
	} else if err != nil {
		c.fail("Payload is not valid JSON")
	}
	return err == nil
}

// object is a JSON object. Handlers name the keys whose values matter (see complete).
type object = map[string]any

func objectOf(v any) (o object) {
	raw, _ := json.Marshal(v) // It came from JSON, or from a test.
	o, _ = jsonvalue.ParseObject(raw)
	return o
}

type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func resource(kind, id string, attributes object) object {
	return object{"type": kind, "id": id, "attributes": attributes}
}

func relation(to ...reference) object { return object{"data": append([]reference{}, to...)} }

// Person is a user of the organization.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// author created everything that has no other creator.
var author = Person{Name: "Someone", Email: "someone@example.com"}

func (p Person) reference() reference { return reference{Type: "users", ID: uuidOf(p.Email)} }

func (p Person) user() object {
	ref := p.reference()
	return resource(ref.Type, ref.ID, object{"name": p.Name, "email": p.Email, "handle": p.Email, "uuid": ref.ID})
}

// uuidOf returns a UUID that is always the same for a name.
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

const timestampLayout = "2006-01-02T15:04:05.000000-07:00"

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(timestampLayout)
}

// orNull is nil for a zero value, which Datadog shows as null.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

func orEmpty[T any](list []T) []T { return append([]T{}, list...) }

func valueOr[T any](p *T, defaultValue T) T {
	if p == nil {
		return defaultValue
	}
	return *p
}

// recorded says what recorded exchanges prove about each endpoint (see conformance_test.go).
//
//go:embed testdata/api.json
var recorded []byte

// shapes returns the shape of each recorded body by route and status, "monitor.get 200".
// A shape is JSON with the names of types in place of values. The key of an object ends
// with "?" if it may be missing, with "|null" if an object or a list may be null.
var shapes = sync.OnceValue(func() map[string]any {
	var rows map[string]struct{ Body any }
	if err := json.Unmarshal(recorded, &rows); err != nil {
		panic(err) // The table is part of the program.
	}
	bodies := map[string]any{}
	for name, row := range rows {
		bodies[name] = row.Body
	}
	return bodies
})

// complete adds the keys that Datadog always sends and that the body lacks.
func complete(body, shape any) {
	switch body := body.(type) {
	case object:
		fields, _ := shape.(object)
		for key, field := range fields {
			name, nullable := strings.CutSuffix(key, "|null")
			name, optional := strings.CutSuffix(name, "?")
			if value, exists := body[name]; exists {
				complete(value, field)
			} else if !optional {
				body[name] = zero(field, nullable)
			}
		}
	case []object:
		for _, element := range body {
			complete([]any{element}, shape)
		}
	case []any:
		if shapes, isList := shape.([]any); isList && len(shapes) > 0 {
			for _, element := range body {
				complete(element, shapes[0])
			}
		}
	}
}

// zero returns null where it is allowed, and else the zero value of a shape.
func zero(shape any, nullable bool) any {
	switch shape := shape.(type) {
	case object:
		if !nullable {
			body := object{}
			complete(body, shape)
			return body
		}
	case []any:
		if !nullable {
			return []any{}
		}
	case string:
		return map[string]any{"number": 0, "boolean": false, "string": ""}[shape]
	}
	return nil
}
