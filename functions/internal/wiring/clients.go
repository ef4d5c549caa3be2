package wiring

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The SDK's clients have a method for everything that their service can do. A
// client that becomes an interface takes all of them along into the binary,
// because expressions and templates may call methods by their names, for all that
// the linker knows: 3.6 MB that every cold start loads. So what is handed over is
// not the client, but the few methods of it that are wanted. For the same reason
// nothing here may be a field, a result or a type argument that is a client.

// operation is one method of a client.
type operation[Input, Output, Options any] func(context.Context, *Input, ...func(*Options)) (*Output, error)

// table is what package ledger needs of *dynamodb.Client.
type table struct {
	putItem      operation[dynamodb.PutItemInput, dynamodb.PutItemOutput, dynamodb.Options]
	updateItem   operation[dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput, dynamodb.Options]
	deleteItem   operation[dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput, dynamodb.Options]
	getItem      operation[dynamodb.GetItemInput, dynamodb.GetItemOutput, dynamodb.Options]
	batchGetItem operation[dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput, dynamodb.Options]
}

func newTable(cfg aws.Config) table {
	c := dynamodb.NewFromConfig(cfg)
	return table{c.PutItem, c.UpdateItem, c.DeleteItem, c.GetItem, c.BatchGetItem}
}

func (t table) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return t.putItem(ctx, in, o...)
}

func (t table) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return t.updateItem(ctx, in, o...)
}

func (t table) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return t.deleteItem(ctx, in, o...)
}

func (t table) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return t.getItem(ctx, in, o...)
}

func (t table) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return t.batchGetItem(ctx, in, o...)
}

// messages is what package queue needs of *sqs.Client.
type messages operation[sqs.SendMessageInput, sqs.SendMessageOutput, sqs.Options]

func newMessages(cfg aws.Config) messages { return sqs.NewFromConfig(cfg).SendMessage }

func (send messages) SendMessage(ctx context.Context, in *sqs.SendMessageInput, o ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	return send(ctx, in, o...)
}

// secrets is what package secret needs of *secretsmanager.Client.
type secrets operation[secretsmanager.GetSecretValueInput, secretsmanager.GetSecretValueOutput, secretsmanager.Options]

func newSecrets(cfg aws.Config) secrets { return secretsmanager.NewFromConfig(cfg).GetSecretValue }

func (get secrets) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, o ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return get(ctx, in, o...)
}

// functions invokes the user's own, through a client that only a playbook that
// does so pays for.
type functions operation[lambda.InvokeInput, lambda.InvokeOutput, lambda.Options]

func newFunctions(cfg aws.Config) functions {
	client := sync.OnceValue(func() functions { return lambda.NewFromConfig(cfg).Invoke })
	return func(ctx context.Context, in *lambda.InvokeInput, o ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
		return client()(ctx, in, o...)
	}
}

func (invoke functions) Invoke(ctx context.Context, in *lambda.InvokeInput, o ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return invoke(ctx, in, o...)
}
