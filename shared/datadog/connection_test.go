package datadog

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"boomerang/shared/site"
)

// connections runs handler with TLS and HTTP/2, and counts the connections.
func connections(t *testing.T, handler http.HandlerFunc) (*Client, *atomic.Int32, chan struct{}) {
	t.Helper()
	var count atomic.Int32
	opened := make(chan struct{}, 100)
	s := httptest.NewUnstartedServer(handler)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			count.Add(1)
		case http.StateActive: // After the handshake.
			opened <- struct{}{}
		}
	}
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	own := transport().(*http.Transport)
	own.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	own.TLSClientConfig.NextProtos = nil
	return newClient(t, Config{Site: site.US1, BaseURL: s.URL, HTTPClient: &http.Client{Transport: own}}, keyring{}), &count, opened
}

func TestClient_ReusesConnection(t *testing.T) {
	statuses := []int{200, 404, 500, 429, 200, 400}
	var n atomic.Int32
	c, count, _ := connections(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Proto != "HTTP/2.0" {
			t.Errorf("the protocol is %s", r.Proto)
		}
		w.WriteHeader(statuses[int(n.Add(1)-1)%len(statuses)])
		_, _ = w.Write([]byte(strings.Repeat(" ", 100_000) + wholeAnswer))
	})
	for range 3 {
		for _, call := range readCalls {
			_ = call.do(t.Context(), c)
		}
	}
	if count.Load() != 1 || n.Load() < 60 {
		t.Errorf("%d requests on %d connections, want one", n.Load(), count.Load())
	}
}

// No hook reports when the client has stored the connection, so each try gives it more time.
func TestClient_Connect(t *testing.T) {
	for pause := 50 * time.Millisecond; ; pause *= 4 {
		var requests atomic.Int32
		c, count, opened := connections(t, func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			_, _ = w.Write([]byte(wholeAnswer))
		})
		c.Connect(t.Context())
		select {
		case <-opened:
		case <-time.After(time.Minute):
			t.Fatal("no connection was opened")
		}
		if requests.Load() != 0 {
			t.Fatal("Connect sent a request")
		}
		time.Sleep(pause)
		err := readCalls["monitor"].do(t.Context(), c)
		if err == nil && requests.Load() == 1 && count.Load() == 1 {
			return
		}
		if pause > 10*time.Second {
			t.Fatalf("%d requests on %d connections, want one on one: %v", requests.Load(), count.Load(), err)
		}
	}
}

func TestClient_ClosesBodies(t *testing.T) {
	for how, body := range map[string]func() io.Reader{
		"whole":   func() io.Reader { return strings.NewReader(wholeAnswer) },
		"cut off": func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) },
		"endless": func() io.Reader { return zeros{} },
	} {
		for _, status := range []int{200, 302, 403, 503} {
			opened, closed := 0, 0
			c := clientOver(t, func(*http.Request) (*http.Response, error) {
				opened++
				return &http.Response{StatusCode: status, Body: closer{body(), func() { closed++ }}}, nil
			}, keyring{})
			_ = createCalls["create"].do(t.Context(), c)
			if opened == 0 || closed < opened {
				t.Errorf("%s, status %d: closed %d of %d bodies", how, status, closed, opened)
			}
		}
	}
}

type closer struct {
	io.Reader
	onClose func()
}

func (c closer) Close() error {
	c.onClose()
	return nil
}
