package ledger

import (
	"net/http/httptest"
	"testing"

	"boomerang/shared/fakedatadog"
)

// The stand-in speaks as much of DynamoDB as the ledger does, and refuses the
// rest, so that an expression it does not know fails here. That it evaluates them
// as DynamoDB does is what passing the suite shows, which the emulator passes too.
func TestDynamoDB_Conformance_standin(t *testing.T) {
	conform(t, func(t *testing.T, o Options) (a, b implementation) {
		server := httptest.NewServer(fakedatadog.New(fakedatadog.Options{Now: o.Now}))
		t.Cleanup(server.Close)
		client := newClient(server.URL)
		return New(client, fakedatadog.LedgerTable, o), New(client, fakedatadog.LedgerTable, o)
	})
}
