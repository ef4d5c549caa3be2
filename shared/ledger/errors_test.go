package ledger

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"boomerang/shared/awstest"
	"boomerang/shared/fault"
)

// Every failure is temporary and says what to repair. AWS's own text is for the log.
func TestLedger_Failures(t *testing.T) {
	for name, c := range map[string]struct {
		effect awstest.Effect
		says   string
	}{
		"no table":            {awstest.Error(400, "ResourceNotFoundException"), "check LEDGER_TABLE"},
		"access denied":       {awstest.Error(400, "AccessDeniedException"), "allow dynamodb:"},
		"unknown credentials": {awstest.Error(400, "UnrecognizedClientException"), "check the function's role"},
		"expired credentials": {awstest.Error(400, "ExpiredTokenException"), "check the function's role"},
		"throughput exceeded": {awstest.Error(400, "ProvisionedThroughputExceededException"), "is throttled"},
		"throttled":           {awstest.Error(400, "ThrottlingException"), "is throttled"},
		"request limit":       {awstest.Error(400, "RequestLimitExceeded"), "is throttled"},
		"another key":         {awstest.Error(400, "ValidationException"), `partition key "id"`},
		"internal":            {awstest.Error(500, "InternalServerError"), "answered InternalServerError"},
		"unknown code":        {awstest.Error(503, "SomethingNew"), "answered SomethingNew"},
		"hangs":               {awstest.Hang, "did not answer in time"},
		"reset":               {awstest.Reset, "could not be used"},
		"truncated":           {awstest.Truncate, "could not be used"},
		"corrupt":             {awstest.Corrupt, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, awstest.New(t))
			client := dynamodb.NewFromConfig(e.aws.Config(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
			l := New(client, e.table)
			e.aws.Break(awstest.Fault{Effect: c.effect})
			timeout := 10 * time.Second
			if name == "hangs" {
				timeout = 50 * time.Millisecond
			}
			for operation, call := range map[string]func(context.Context) error{
				"PutItem":      func(ctx context.Context) error { return l.Complete(ctx, key, posted) },
				"DeleteItem":   func(ctx context.Context) error { return l.Release(ctx, key, false) },
				"UpdateItem":   func(ctx context.Context) error { return l.Release(ctx, key, true) },
				"GetItem":      func(ctx context.Context) error { _, err := l.Watermark(ctx, "reader"); return err },
				"BatchGetItem": func(ctx context.Context) error { _, err := l.FilterKnown(ctx, key); return err },
			} {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				err := call(ctx)
				cancel()
				public := fault.Public(err)
				if !fault.IsTemporary(err) || !strings.HasPrefix(public, `the ledger table "`+e.table+`" `) || !strings.Contains(public, c.says) {
					t.Errorf("%s: got %q", operation, public)
				}
				if strings.Contains(public, "injected by a test") || !strings.Contains(err.Error(), "dynamodb:"+operation) {
					t.Errorf("%s: the texts are %q and %v", operation, public, err)
				}
				if name == "access denied" && !strings.Contains(public, "dynamodb:"+operation+" ") {
					t.Errorf("%s is not named as what to allow: %q", operation, public)
				}
			}
		})
	}
}
