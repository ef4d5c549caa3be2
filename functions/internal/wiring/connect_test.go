package wiring

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The client puts a connection away in its own time, which nobody can see: on a busy
// machine the first call may come before that, and opens another one. That round says
// nothing.
func TestTable_Connect_opens_a_connection_that_the_first_call_finds(t *testing.T) {
	const rounds = 5
	for range rounds {
		if connections(t) == 1 {
			return
		}
	}
	t.Errorf("in none of %d rounds did the first call find the connection", rounds)
}

// connections is how many a server has seen after the first call.
func connections(t *testing.T) int64 {
	t.Helper()
	var requests, opens atomic.Int64
	opened := make(chan struct{}, 2)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = w.Write([]byte(`{}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opens.Add(1)
			opened <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	items := newTable(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: awscredentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	items.connect(t.Context(), "table")
	select {
	case <-opened:
	case <-time.After(5 * time.Second):
		t.Fatal("no connection was opened")
	}
	if requests.Load() != 0 {
		t.Error("it sent a request")
	}
	time.Sleep(50 * time.Millisecond) // That is more than the client needs to put it away.
	if _, err := items.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("table"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "x"}},
	}); err != nil {
		t.Fatal(err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("the call made %d requests", n)
	}
	return opens.Load()
}
