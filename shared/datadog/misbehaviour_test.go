package datadog

import (
	"context"
	"io"
	"net"
	"net/http"
)

// misbehaviours are servers that break the protocol before a status is there.
var misbehaviours = map[string]http.HandlerFunc{
	"reset":        hangUp(""),
	"closed":       hangUp("HTTP/1."),
	"not_HTTP":     hangUp("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
	"cut_headers":  hangUp("HTTP/1.1 202 Accepted\r\nContent-Type: appli"),
	"bad_redirect": hangUp("HTTP/1.1 302 Found\r\nLocation: http://%zz/" + apiKey + "\r\nContent-Length: 0\r\n\r\n"),
	"echoed_keys":  hangUp("HTTP/1.1 " + apiKey + appKey + "\r\n\r\n"),
}

// unusable are 2xx answers that are of no use to a read.
var unusable = map[string]http.HandlerFunc{
	"cut":        hangUp("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + wholeAnswer),
	"cut_JSON":   hangUp("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"event\":{"),
	"cut_chunks": hangUp("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3a\r\n" + wholeAnswer),
	"empty":      func(http.ResponseWriter, *http.Request) {},
	"no_content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
	"HTML": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>welcome to the wifi</html>")
	},
	"another_object": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"ok"}`) },
	"another_type":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `["event"]`) },
	"null":           func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `null`) },
	"fields_of_others": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"event":7,"events":7,"id":"x"}`)
	},
	"not_gzip": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, wholeAnswer)
	},
}

// hangUp sends raw in place of an HTTP answer and breaks the connection, with a
// reset when there is nothing to send.
func hangUp(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		if raw == "" {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

// hang answers nothing for as long as the client waits.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// zeros is a body without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// stuck is a body that comes to a halt.
type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, context.Cause(s.ctx)
}
