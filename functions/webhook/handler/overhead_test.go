package handler_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/stopwatch"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
	"boomerang/shared/site"
)

// bench is a handler whose every call to Datadog and AWS goes through a stopwatch.
type bench struct {
	*testing.B
	watch   *stopwatch.Transport
	url     string
	datadog *datadog.Client
}

func newBench(b *testing.B) *bench {
	server := httptest.NewServer(fakedatadog.New(fakedatadog.Options{}))
	b.Cleanup(server.Close)
	watch := &stopwatch.Transport{RoundTripper: http.DefaultTransport}
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL, HTTPClient: &http.Client{Transport: watch}}, keys{})
	if err != nil {
		b.Fatal(err)
	}
	return &bench{b, watch, server.URL, client}
}

func (b *bench) aws() aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(b.url), HTTPClient: &http.Client{Transport: b.watch},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}
}

func (b *bench) ledger() *ledger.DynamoDB {
	return ledger.New(dynamodb.NewFromConfig(b.aws()), fakedatadog.LedgerTable, ledger.Options{})
}

func (b *bench) queue() *queue.SQS {
	return queue.New(sqs.NewFromConfig(b.aws()), fakedatadog.QueueURL(fakedatadog.RedeliveryQueue))
}

// run sends alerts, each of them new and of a new cycle, and reports the handler's own time: that in
// which it waited for nobody.
func (b *bench) run(c handler.Config, status string) {
	c.Tokens = token{goodToken}
	h := handler.New(c)
	for i := 0; b.Loop(); i++ {
		request := post(strings.NewReplacer(`"id":"`, fmt.Sprintf(`"id":"9%06d`, i), `"c-1"`, fmt.Sprintf(`"c-%d"`, i)).Replace(torqBody))
		b.watch.Measure(func() {
			response, err := h.Handle(context.Background(), request)
			if err != nil || !strings.Contains(response.Body, `"`+status+`"`) {
				b.Fatalf("got %d %s, %v", response.StatusCode, response.Body, err)
			}
		})
	}
	b.watch.Report(b.B)
}

// At most 1 ms at the median, with both steps.
func BenchmarkHandler_overhead(b *testing.B) {
	w := newBench(b)
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(w.datadog), EnrichBudget: time.Second, Poster: w.datadog})
	w.run(handler.Config{Run: p.Run, DryRun: p.DryRun}, "posted")
}

// At most 1.5 ms at the median, with both steps.
func BenchmarkHandler_overhead_with_the_ledger(b *testing.B) {
	w := newBench(b)
	table := w.ledger()
	p := pipeline.New(pipeline.Config{
		Playbooks: playbooks(w.datadog), EnrichBudget: time.Second, Poster: w.datadog, Ledger: table, Storms: table, Queue: w.queue(),
	})
	w.run(handler.Config{Run: p.Run, DryRun: p.DryRun}, "posted")
}

// At most 1 ms.
func BenchmarkHandler_overhead_of_the_queue_intake(b *testing.B) {
	w := newBench(b)
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(w.datadog), EnrichBudget: time.Second, Poster: w.datadog, Ledger: w.ledger(), Queue: w.queue()})
	w.run(handler.Config{Run: p.Enqueue, DryRun: p.DryRun}, "queued")
}
