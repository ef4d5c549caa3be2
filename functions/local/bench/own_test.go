package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
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
	"boomerang/shared/fakedatadog"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/site"
)

// BenchmarkOwnPart is the handler's own part with five steps and the ledger as the
// handler itself sees it: the time in which it waits for no answer. At most 0.5 ms at
// the median.
//
// It counts all from the request to the answer, what Go's HTTP client, the AWS SDK
// and Datadog's client do before a call and after it included. It does not count
// while a call is under way, its way through TLS and the kernel included, nor while
// somebody waits for the rest of an answer's body. The doubles are in a process of
// their own, so that neither their work nor their garbage is taken for ours, and take
// 5 ms for an answer, so that both do not work at one time. What `make bench` tells of
// the built function is told by the doubles, and so includes the way to them and back.
func BenchmarkOwnPart(b *testing.B) {
	// functions/webhook lets its heap grow so, too.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	now := time.Now()
	urls := startDoubles(b, now)
	watch := &stopwatch.Transport{RoundTripper: &http.Transport{
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // It is this machine.
	}}
	h := newHandler(b, urls, watch)
	alerts := newAlerts(known, kib, now)
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
	watch.Report(b)
}

// known is how many alerts the doubles know of.
const known = 200

// startDoubles starts the doubles in a process of their own, which is this program
// once more, and returns where they are. At the end they say whether they behaved.
func startDoubles(b *testing.B, now time.Time) map[string]string {
	b.Helper()
	command := exec.Command(os.Args[0]) //nolint:gosec // It is this program.
	command.Env = append(os.Environ(), doublesSince+"="+now.Format(time.RFC3339Nano))
	command.Stderr = os.Stderr
	ends, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	says, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	out := bufio.NewReader(says)
	b.Cleanup(func() {
		_ = ends.Close()
		rest, _ := io.ReadAll(out)
		if err := command.Wait(); err != nil {
			b.Errorf("the doubles: %v\n%s", err, rest)
		}
	})
	line, err := out.ReadBytes('\n')
	urls := map[string]string{}
	if err := errors.Join(err, json.Unmarshal(line, &urls)); err != nil {
		b.Fatalf("the doubles say %q: %v", line, err)
	}
	return urls
}

// doublesSince is the variable that makes this program the doubles of a benchmark. It
// tells when the alerts are that they know of.
const doublesSince = "BENCH_DOUBLES_SINCE"

// serveDoubles is the doubles' process: it says where they are, and ends with its input.
func serveDoubles(dir, since string) error {
	now, err := time.Parse(time.RFC3339Nano, since)
	if err != nil {
		return err
	}
	certificate, err := certify(filepath.Join(dir, "roots.pem"))
	if err != nil {
		return err
	}
	w, err := newWorld(certificate, slowest, newAlerts(known, kib, now))
	if err != nil {
		return err
	}
	defer func() { _ = w.close() }()
	w.meter.slowDown(5 * time.Millisecond)
	if err := json.NewEncoder(os.Stdout).Encode(w.urls); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return w.meter.err()
}

func newHandler(b *testing.B, urls map[string]string, transport http.RoundTripper) *handler.Handler {
	b.Helper()
	client := &http.Client{Transport: transport}
	api, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: urls["DATADOG_API_URL"], HTTPClient: client}, keys{})
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
		Region: "us-east-1", BaseEndpoint: aws.String(urls["AWS_ENDPOINT_URL_DYNAMODB"]), HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}), fakedatadog.LedgerTable, ledger.Options{})
	p := pipeline.New(pipeline.Config{Playbooks: book, EnrichBudget: 5 * time.Second, Poster: api, Stream: api, Ledger: table})
	return handler.New(handler.Config{Tokens: token{}, Run: p.Run, DryRun: p.DryRun})
}

type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

type token struct{}

func (token) Check(_ context.Context, presented string) (bool, error) {
	return presented == stage.Token, nil
}
