package fakedatadog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

const (
	mediaJSON = "application/json"
	mediaText = "text/plain; charset=utf-8"
	mediaHTML = "text/html"
)

// answer is a whole response, made before a byte of it is sent.
type answer struct {
	status int
	media  string
	header map[string]string
	body   []byte
}

// with returns the answer with more headers.
func (a answer) with(header map[string]string) answer {
	a.header = maps.Clone(a.header)
	if a.header == nil {
		a.header = map[string]string{}
	}
	maps.Copy(a.header, header)
	return a
}

// as returns the answer under another media type.
func (a answer) as(media string) answer {
	a.media = media
	return a
}

func (a answer) write(w http.ResponseWriter) {
	a.writeHeader(w)
	_, _ = w.Write(a.body) // A caller that has left is no concern of the stand-in.
}

// writeHeader promises the whole body, whatever is written of it afterwards.
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
		return failure(http.StatusInternalServerError, fmt.Sprintf("the stand-in could not encode its answer: %v", err))
	}
	return answer{status: status, media: mediaJSON, body: b.Bytes()}
}

// failure answers in the documented error form of Datadog's v1 API.
func failure(status int, texts ...string) answer {
	return jsonAnswer(status, map[string][]string{"errors": texts})
}

// frontDoor answers as what stands before Datadog's services does, to a wrong
// key with 403 and to a service that is down with 5xx.
func frontDoor(status int) answer {
	return jsonAnswer(status, struct {
		Status     string   `json:"status"`
		Code       int      `json:"code"`
		Errors     []string `json:"errors"`
		StatusPage string   `json:"statuspage"`
		Twitter    string   `json:"twitter"`
		Email      string   `json:"email"`
	}{
		"error", status,
		[]string{statusText(status)},
		"http://status.datadoghq.com", "http://twitter.com/datadogops", "support@datadoghq.com",
	})
}

// datadogFailure answers with what Datadog sends under a status. A 504 comes
// from the load balancer, which knows no JSON.
func datadogFailure(status int) answer {
	switch {
	case !bodyAllowed(status):
		return answer{status: status}
	case status == http.StatusGatewayTimeout:
		const page = "<html>\n<head><title>504 Gateway Time-out</title></head>\n" +
			"<body>\n<center><h1>504 Gateway Time-out</h1></center>\n</body>\n</html>\n"
		return answer{status: status, media: mediaHTML, body: []byte(page)}
	case status == http.StatusForbidden, status >= http.StatusInternalServerError:
		return frontDoor(status)
	default:
		return failure(status, statusText(status))
	}
}

func statusText(status int) string {
	return cmp.Or(http.StatusText(status), fmt.Sprintf("Error %d", status))
}
