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

func TestTable_Connect_opens_a_connection_that_the_first_call_finds(t *testing.T) {
	var requests, connections atomic.Int64
	opened := make(chan struct{}, 2)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = w.Write([]byte(`{}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
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
	time.Sleep(50 * time.Millisecond) // The client has yet to put the connection away, which nobody can see.
	if _, err := items.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("table"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "x"}},
	}); err != nil {
		t.Fatal(err)
	}
	if requests.Load() != 1 || connections.Load() != 1 {
		t.Errorf("%d requests over %d connections, want one over one", requests.Load(), connections.Load())
	}
}
