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

// calls returns the error of each method, by the operation of DynamoDB that it calls.
func calls(t *testing.T, l *Ledger, key string, timeout time.Duration) map[string]error {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	w := WindowAt("org:4711", start)
	_, claimErr := l.Claim(ctx, Delivery{Key: key}, start.Add(runTime))
	_, addErr := l.AddNotification(ctx, key, triggered)
	_, knownErr := l.FilterKnown(ctx, key)
	_, watermarkErr := l.Watermark(ctx, key)
	_, historyErr := l.History(ctx, key)
	_, allowErr := l.Allow(ctx, w, 1, Occurrence{Key: "0"})
	_, suppressedErr := l.Suppressed(ctx, w)
	return map[string]error{
		"PutItem (claim)":           claimErr,
		"PutItem (complete)":        l.Complete(ctx, Delivery{Key: key}, posted),
		"PutItem (mark queued)":     l.MarkQueued(ctx, key),
		"PutItem (set watermark)":   l.SetWatermark(ctx, key, start),
		"DeleteItem (release)":      l.Release(ctx, Delivery{Key: key}, false),
		"UpdateItem (maybe posted)": l.Release(ctx, Delivery{Key: key}, true),
		"UpdateItem (cycle)":        addErr,
		"UpdateItem (window)":       allowErr,
		"UpdateItem (window, read)": suppressedErr,
		"UpdateItem (window, mark)": l.MarkSummaryQueued(ctx, w),
		"PutItem (history)":         l.AddToHistory(ctx, key, nil, pastCycleOf(1)),
		"GetItem (history)":         historyErr,
		"GetItem (watermark)":       watermarkErr,
		"BatchGetItem (known)":      knownErr,
	}
}

func TestLedger_EmptyKey(t *testing.T) {
	e := newEnv(t, awstest.New(t))
	for method, err := range calls(t, e.a, "", 10*time.Second) {
		isWindow := strings.Contains(method, "window") // Its key is never empty.
		if (err == nil) != isWindow || err != nil && fault.From(err).Kind != fault.Internal {
			t.Errorf("%s: got %v", method, err)
		}
	}
}

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
			if name == "hangs" { // The first call hangs, and the others find their context ended.
				timeout = 50 * time.Millisecond
			}
			for method, err := range calls(t, l, key, timeout) {
				operation, _, _ := strings.Cut(method, " ")
				public := fault.Public(err)
				if !fault.IsTemporary(err) || !strings.HasPrefix(public, `the ledger table "`+e.table+`" `) || !strings.Contains(public, c.says) {
					t.Errorf("%s: got %q", method, public)
				}
				if strings.Contains(public, "injected by a test") || !strings.Contains(err.Error(), "dynamodb:"+operation) {
					t.Errorf("%s: the texts are %q and %v", method, public, err)
				}
				if name == "access denied" && !strings.Contains(public, "dynamodb:"+operation+" ") {
					t.Errorf("%s is not named as what to allow: %q", operation, public)
				}
			}
		})
	}
}
