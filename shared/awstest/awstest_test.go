package awstest_test

import (
	"encoding/json"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/shared/awstest"
)

func TestAWS_DynamoDB(t *testing.T) {
	t.Parallel()
	a := awstest.New(t)
	table, client := a.Table(t), dynamodb.NewFromConfig(a.Config())
	const writers = 50
	var wait sync.WaitGroup
	for range writers {
		wait.Go(func() {
			_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: &table, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "counter"}},
				UpdateExpression:          aws.String("ADD n :one"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "counter"}}, ConsistentRead: aws.Bool(true),
	})
	if err != nil || out.Item["n"].(*types.AttributeValueMemberN).Value != strconv.Itoa(writers) {
		t.Errorf("got %v (%v), want %d updates", out, err, writers)
	}
	var read struct{ ConsistentRead bool }
	if calls := a.Calls("DynamoDB", "GetItem"); len(calls) != 1 || json.Unmarshal(calls[0].Body, &read) != nil || !read.ConsistentRead {
		t.Errorf("recorded %v", calls)
	}
}

func TestAWS_SQS(t *testing.T) {
	t.Parallel()
	a := awstest.New(t)
	dead := a.Queue(t, nil)
	queue := a.Queue(t, map[string]string{
		"VisibilityTimeout": "360", "RedrivePolicy": `{"maxReceiveCount":"1","deadLetterTargetArn":"` + awstest.QueueARN(dead) + `"}`,
	})
	client := sqs.NewFromConfig(a.Config())
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: aws.String("hello")}); err != nil {
		t.Fatal(err)
	}
	receive := func(url string) []string {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, VisibilityTimeout: 0})
		if err != nil {
			t.Fatal(err)
		}
		var bodies []string
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			_, err := client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
			if err != nil {
				t.Fatal(err)
			}
		}
		return bodies
	}
	if first, second, third := receive(queue), receive(queue), receive(dead); len(first) != 1 || len(second) != 0 || len(third) != 1 {
		t.Errorf("received %q, then %q, and %q from the dead-letter queue", first, second, third)
	}
}

func TestAWS_Break(t *testing.T) {
	t.Parallel()
	a := awstest.New(t)
	secret := a.Secret(t, "value")
	client := secretsmanager.NewFromConfig(a.Config(), func(o *secretsmanager.Options) { o.Retryer = aws.NopRetryer{} })
	get := func(options ...func(*secretsmanager.Options)) string {
		out, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &secret}, options...)
		if err != nil {
			return err.Error()
		}
		return aws.ToString(out.SecretString)
	}
	for name, effect := range map[string]awstest.Effect{"error": awstest.Error(400, "ThrottlingException"), "status": awstest.Status(503), "truncate": awstest.Truncate} {
		a.Break(awstest.Fault{Service: "SecretsManager", Operation: "GetSecretValue", Effect: effect, Times: 1})
		if first, second := get(), get(); first == "value" || second != "value" {
			t.Errorf("%s: got %q, then %q", name, first, second)
		}
	}
	a.Break(awstest.Fault{Effect: awstest.Error(400, "ThrottlingException"), Every: 2})
	if first, second, retried := get(), get(), get(func(o *secretsmanager.Options) { o.Retryer = retry.NewStandard() }); first != "value" || second == "value" || retried != "value" {
		t.Errorf("every second call fails: got %q, %q and with a retry %q", first, second, retried)
	}
	a.ClearFaults()
	if got := get(); got != "value" {
		t.Errorf("without faults: got %q", got)
	}
}
