// Package httpfault breaks responses in the ways in which services over HTTP fail, for
// fakes.
package httpfault

import (
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Response is a whole response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Effect answers a call, and has it take effect by forward, which returns the right
// response.
type Effect func(w http.ResponseWriter, r *http.Request, forward func() Response)

// Write sends the response.
func (r Response) Write(w http.ResponseWriter) {
	r.start(w)
	_, _ = w.Write(r.Body) // The caller may have left.
}

// start declares the length of the whole body, even if less is sent.
func (r Response) start(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.Header)
	if r.Status != http.StatusNoContent && r.Status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	w.WriteHeader(r.Status)
}

// Hang never answers. The call has no effect.
func Hang(_ http.ResponseWriter, r *http.Request, _ func() Response) { <-r.Context().Done() }

// Reset resets the connection. The call has no effect.
func Reset(w http.ResponseWriter, _ *http.Request, _ func() Response) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http closes the connection then.
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // Close sends RST instead of FIN.
	}
	_ = conn.Close()
}

// DropResponse makes the call and resets the connection.
func DropResponse(w http.ResponseWriter, r *http.Request, forward func() Response) {
	forward()
	Reset(w, r, nil)
}

// Truncate makes the call and closes the connection in the middle of the body, as net/http
// does where less than the Content-Length was written.
func Truncate(w http.ResponseWriter, _ *http.Request, forward func() Response) {
	response := forward()
	response.start(w)
	_, _ = w.Write(response.Body[:len(response.Body)/2])
}

// Corrupt makes the call and sends a body that is not JSON, and Empty sends none.
var Corrupt, Empty = withBody("{\"event\": \x00\xff\xfe <!doctype"), withBody("")

func withBody(body string) Effect {
	return func(w http.ResponseWriter, _ *http.Request, forward func() Response) {
		response := forward()
		response.Body = []byte(body)
		response.Write(w)
	}
}

// Answer sends a response. The call has no effect.
func Answer(response Response) Effect {
	return func(w http.ResponseWriter, _ *http.Request, _ func() Response) { response.Write(w) }
}

// Delay waits before it makes the call. Without effect if the caller leaves before.
func Delay(d time.Duration) Effect {
	return func(w http.ResponseWriter, r *http.Request, forward func() Response) {
		if wait(r, d) {
			forward().Write(w)
		}
	}
}

// Drip makes the call and sends the response in pieces over the duration.
func Drip(d time.Duration) Effect {
	return func(w http.ResponseWriter, r *http.Request, forward func() Response) {
		const pieces = 10
		response := forward()
		response.start(w)
		for i, n := 0, len(response.Body); i < pieces && wait(r, d/pieces); i++ {
			_, _ = w.Write(response.Body[n*i/pieces : n*(i+1)/pieces])
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// wait reports whether the caller is still there after d.
func wait(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}
