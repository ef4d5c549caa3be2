package datadog_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/site"
)

func TestClient_Connect_opens_a_connection_that_the_first_call_finds(t *testing.T) {
	var requests, connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = w.Write([]byte(`{"id": 7, "name": "x"}`))
	}))
	opened := make(chan struct{}, 1)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			connections.Add(1)
		case http.StateActive: // After the handshake.
			select {
			case opened <- struct{}{}:
			default:
			}
		}
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	c, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL, HTTPClient: server.Client()}, fixedKeys{})
	if err != nil {
		t.Fatal(err)
	}
	c.Connect(t.Context())
	select {
	case <-opened:
	case <-time.After(5 * time.Second):
		t.Fatal("no connection was opened")
	}
	if requests.Load() != 0 {
		t.Error("it sent a request")
	}
	time.Sleep(50 * time.Millisecond) // The client has yet to put the connection away, which nobody can see.
	if _, err := c.Monitor(t.Context(), 7, datadog.MonitorQuery{}); err != nil {
		t.Fatal(err)
	}
	if requests.Load() != 1 || connections.Load() != 1 {
		t.Errorf("%d requests over %d connections, want one over one", requests.Load(), connections.Load())
	}
}
