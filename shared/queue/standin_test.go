package queue

import (
	"net/http/httptest"
	"testing"

	"boomerang/shared/fakedatadog"
)

// The stand-in checks each message as SQS does, and the SDK checks the stand-in's
// checksums.
func TestSQS_Conformance_standin(t *testing.T) {
	conform(t, func(t *testing.T) opened {
		server := httptest.NewServer(fakedatadog.New(fakedatadog.Options{}))
		t.Cleanup(server.Close)
		client, url := newClient(server.URL), fakedatadog.QueueURL(fakedatadog.RedeliveryQueue)
		return opened{New(client, url), func() []string { return receive(t, client, url) }}
	})
}
