package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Moto stands in for DynamoDB (http://docs.getmoto.org). It evaluates the same
// expressions, rejects reserved words and returns the old item of a failed
// condition. It never deletes by TTL, on which the ledger does not rely, and its
// server resets a connection now and then, which the SDK's retries cover and
// which puts the ledger's handling of a lost answer to use.
func TestDynamoDB_Conformance(t *testing.T) {
	url := os.Getenv("MOTO_URL")
	if url == "" {
		t.Skip("MOTO_URL is not set: start moto_server and set it to its address to test against an emulator of DynamoDB")
	}
	client := newClient(url, func(o *dynamodb.Options) { o.HTTPClient = &oneAtATime{next: o.HTTPClient} })
	if _, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{}, once); err != nil {
		t.Fatalf("no emulator answers at MOTO_URL=%s: %v", url, err)
	}
	conform(t, func(t *testing.T, o Options) (a, b implementation) {
		table := newTable(t, client)
		return New(client, table, o), New(client, table, o)
	})
}

// oneAtATime sends one request after the other. DynamoDB makes every write to an
// item atomic; moto reads, changes and writes an item in threads without a lock,
// and now and then loses one of 20 updates that arrive at once. What is left to test of
// callers at once is the ledger's own part.
type oneAtATime struct {
	mu   sync.Mutex
	next dynamodb.HTTPClient
}

func (c *oneAtATime) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next.Do(r)
}

func newClient(url string, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &url,
		Region:       "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing"}, nil
		}),
	}, options...)
}

// newTable creates the table that template.yaml describes, under a name of its own.
func newTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	name := aws.String("ledger-" + rand.Text())
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            name,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	// The name is nobody else's: a table that exists was made by a first attempt.
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
		t.Fatalf("create the table: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name})
		if _, gone := errors.AsType[*types.ResourceNotFoundException](err); err != nil && !gone {
			t.Errorf("delete the table: %v", err)
		}
	})
	return *name
}
