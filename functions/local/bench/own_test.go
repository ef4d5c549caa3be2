package bench

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"boomerang/functions/internal/stopwatch"
	"boomerang/functions/local/stage"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/site"
	"boomerang/shared/standin"
)

// BenchmarkOwnPart is the handler's own part with five steps and the ledger as the
// handler itself sees it: the time in which it waits for no answer. What `make
// bench` tells of the built function is told by the doubles, and so includes the
// way to them and back. At most 0.5 ms at the median. The allocations are also those
// of the doubles, which are in this process.
func BenchmarkOwnPart(b *testing.B) {
	roots := filepath.Join(b.TempDir(), "roots.pem")
	certificate, err := certify(roots)
	if err != nil {
		b.Fatal(err)
	}
	alerts := newAlerts(200, kib, time.Now())
	w, err := newWorld(certificate, slowest, alerts)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = w.close() }()
	w.meter.slowDown(5 * time.Millisecond) // Otherwise the doubles would work while the handler does.
	watch := &stopwatch.Transport{RoundTripper: &http.Transport{
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // It is this process.
	}}
	h := newHandler(b, w, watch)
	for i := 0; b.Loop(); i++ {
		// With more iterations the alerts come again, under other ids.
		request := alerts[i%len(alerts)].request
		request.Body = strings.Replace(request.Body, `"id":"`, `"id":"`+strings.Repeat("1", i/len(alerts)), 1)
		watch.Measure(func() {
			answer, err := h.Handle(context.Background(), request)
			if err != nil || answer.StatusCode != http.StatusOK {
				b.Fatalf("got %d %s, %v", answer.StatusCode, answer.Body, err)
			}
		})
	}
	if err := w.meter.err(); err != nil {
		b.Fatal(err)
	}
	watch.Report(b)
}

func newHandler(b *testing.B, w *world, transport http.RoundTripper) *handler.Handler {
	b.Helper()
	client := &http.Client{Transport: transport}
	api, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: w.urls["DATADOG_API_URL"], HTTPClient: client}, w.stage)
	if err != nil {
		b.Fatal(err)
	}
	file, err := five.write(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	source, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	book, err := playbook.Load(file, source, registry.Kinds(registry.Deps{Datadog: api, Site: site.US1}))
	if err != nil {
		b.Fatal(err)
	}
	table := ledger.New(dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(w.urls["AWS_ENDPOINT_URL_DYNAMODB"]), HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}), standin.LedgerTable, ledger.Options{})
	p := pipeline.New(pipeline.Config{Playbooks: book, EnrichBudget: 5 * time.Second, Poster: api, Stream: api, Ledger: table})
	return handler.New(handler.Config{Tokens: token{}, Run: p.Run, DryRun: p.DryRun})
}

type token struct{}

func (token) Check(_ context.Context, presented string) (bool, error) {
	return presented == stage.Token, nil
}
