package fakedatadog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

const (
	mediaJSON = "application/json"
	mediaText = "text/plain; charset=utf-8"
	// mediaVendor is the media type of the newer v2 endpoints (https://jsonapi.org).
	mediaVendor = "application/vnd.api+json"
)

// answer is a whole response.
type answer struct {
	status int
	media  string
	header map[string]string
	body   []byte
}

// with returns the answer with more headers.
func (a answer) with(header map[string]string) answer {
	all := map[string]string{}
	maps.Copy(all, a.header)
	maps.Copy(all, header)
	a.header = all
	return a
}

// as returns the answer with another media type.
func (a answer) as(media string) answer {
	a.media = media
	return a
}

func (a answer) write(w http.ResponseWriter) {
	a.writeHeader(w)
	_, _ = w.Write(a.body) // The caller may have left.
}

// writeHeader declares the length of the whole body, even if less is written.
func (a answer) writeHeader(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if bodyAllowed(a.status) {
		w.Header().Set("Content-Type", a.media)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

func success(v any) answer { return jsonAnswer(http.StatusOK, v) }

// jsonAnswer encodes v as Datadog does, without escaping <, > and &.
func jsonAnswer(status int, v any) answer {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return failure(http.StatusInternalServerError, fmt.Sprintf("fakedatadog cannot encode its answer: %v", err))
	}
	return answer{status: status, media: mediaJSON, body: b.Bytes()}
}

// failure answers in the error format of the v1 API.
func failure(status int, texts ...string) answer {
	return jsonAnswer(status, map[string][]string{"errors": texts})
}

// gatewayFailure answers as the gateway before Datadog's services does, 403 to a
// wrong key and 5xx for a service that is down.
func gatewayFailure(status int) answer {
	return jsonAnswer(status, struct {
		Status     string   `json:"status"`
		Code       int      `json:"code"`
		Errors     []string `json:"errors"`
		StatusPage string   `json:"statuspage"`
		Twitter    string   `json:"twitter"`
		Email      string   `json:"email"`
	}{
		"error", status, []string{statusText(status)},
		"http://status.datadoghq.com", "http://twitter.com/datadogops", "support@datadoghq.com",
	})
}

// datadogFailure answers what Datadog sends with a status. A 504 comes from the
// load balancer, which sends HTML.
func datadogFailure(status int) answer {
	switch {
	case !bodyAllowed(status):
		return answer{status: status}
	case status == http.StatusGatewayTimeout:
		const page = "<html>\n<head><title>504 Gateway Time-out</title></head>\n" +
			"<body>\n<center><h1>504 Gateway Time-out</h1></center>\n</body>\n</html>\n"
		return answer{status: status, media: "text/html", body: []byte(page)}
	case status == http.StatusForbidden, status >= http.StatusInternalServerError:
		return gatewayFailure(status)
	}
	return failure(status, statusText(status))
}

func statusText(status int) string {
	return cmp.Or(http.StatusText(status), fmt.Sprintf("Error %d", status))
}

// withBody makes a handler of a function that takes the JSON body.
func withBody[T any](handle func(*call, T) answer) func(*call) answer {
	return func(c *call) answer {
		var in T
		if err := json.Unmarshal(c.body, &in); err != nil {
			return failure(http.StatusBadRequest, decodeProblem(err))
		}
		return handle(c, in)
	}
}

func decodeProblem(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Sprintf(invalidValue, wrong.Field)
	}
	return "Payload is not valid JSON"
}

// object is a JSON object, for answers whose keys are mostly constant.
type object = map[string]any

// reference names a resource in the v2 API.
type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// relation refers to resources.
func relation(to ...reference) object { return object{"data": append([]reference{}, to...)} }

// Person is a user of the organisation.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// author created everything that has no other creator.
var author = Person{Name: "Someone", Email: "someone@example.com"}

func (p Person) id() string { return uuidOf(p.Email) }

func (p Person) reference() reference { return reference{Type: "users", ID: p.id()} }

func references(people []Person) (all []reference) {
	for _, person := range people {
		all = append(all, person.reference())
	}
	return all
}

// uuidOf returns a UUID that is always the same for a name.
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// orNull is nil for a zero value, which Datadog shows as null.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func orEmpty[T any](list []T) []T { return append([]T{}, list...) }
