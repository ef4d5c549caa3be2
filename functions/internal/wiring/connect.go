package wiring

import (
	"context"
	"net/http/httptrace"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// connect opens a connection to the table while the instance starts, for its first
// alert to find. The call that does so is never sent: it ends as soon as there is
// an address to connect to, and the connection is kept all the same (see
// datadog.Client.Connect).
func (t table) connect(ctx context.Context, name string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{ConnectStart: func(string, string) { cancel() }})
	_, _ = t.getItem(ctx, &dynamodb.GetItemInput{ // It always fails.
		TableName: aws.String(name), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "connect"}},
	})
}
