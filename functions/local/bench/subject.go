package bench

import (
	"archive/zip"
	"cmp"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/fakedatadog"
)

// subject is something that is measured.
type subject struct {
	name    string
	command []string
	environ []string
	// posts says that it does the job; the floor only says hello.
	posts bool
	// calls is how many an invocation makes, besides the reads of the steps.
	calls int
}

const (
	hello   = "hello"
	caller  = "hello, 4 calls"
	webhook = "webhook"
	python  = "python"
)

// ours are the subjects in Go, whose commands are in a folder. The webhook's calls
// are the claim, what the ledger knows of the alert's cycle, the event and the note
// that it is posted.
func ours(folder string) []subject {
	floor := []string{filepath.Join(folder, hello)}
	return []subject{
		{name: hello, command: floor},
		{name: caller, command: floor, environ: []string{"CALLS=4", "DD_API_KEY=" + fakedatadog.DefaultAPIKey}, calls: 4},
		{name: webhook, command: []string{filepath.Join(folder, webhook)}, posts: true, calls: 4},
	}
}

// wholeProcessor is the memory, in MB, of a function that has one, as ours have here
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
const wholeProcessor = 1769

// environment is that of a deployed function, and where the doubles are.
func (s subject) environment(roots, playbooks string, memory int, urls map[string]string) []string {
	environ := append([]string{
		"PATH=" + os.Getenv("PATH"),
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_FUNCTION_NAME=boomerang", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(cmp.Or(memory, wholeProcessor)),
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"DATADOG_SECRET_ARN=" + fakedatadog.DefaultDatadogSecret, "WEBHOOK_SECRET_ARN=" + fakedatadog.DefaultWebhookSecret,
		"LEDGER_TABLE=" + fakedatadog.LedgerTable, "REDELIVERY_QUEUE_URL=" + fakedatadog.QueueURL(fakedatadog.RedeliveryQueue),
		// Both languages read the file; without the other variable Go reads a folder of
		// the same certificates besides.
		"SSL_CERT_FILE=" + roots, "SSL_CERT_DIR=" + os.DevNull, "AWS_CA_BUNDLE=" + roots,
	}, s.environ...)
	if playbooks != "" {
		environ = append(environ, "PLAYBOOKS_FILE="+playbooks)
	}
	for variable, url := range urls {
		environ = append(environ, variable+"="+url)
	}
	return environ
}

// flags are those with which the Makefile builds what is deployed, but for -trimpath,
// which changes no figure and would have all be compiled again.
var flags = []string{"-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w"}

// build builds a command for Lambda's system: for this machine's processor, or for
// another.
func build(ctx context.Context, folder, to string, environ ...string) error {
	command := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", to, folder)...) //nolint:gosec // The folders are ours.
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), environ...)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

// size is what a function takes up: as a file, and zipped, as it is sent to AWS.
type size struct{ binary, zipped int64 }

// measureSize builds a command as it is deployed, for arm64.
func measureSize(ctx context.Context, folder, dir string) (size, error) {
	file := filepath.Join(dir, filepath.Base(folder)+"-arm64")
	if err := build(ctx, folder, file, "GOARCH=arm64"); err != nil {
		return size{}, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return size{}, err
	}
	zipped, err := zipSize(file)
	return size{info.Size(), zipped}, err
}

func zipSize(file string) (int64, error) {
	in, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	var out counter
	archive := zip.NewWriter(&out)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	entry, err := archive.Create("bootstrap")
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(entry, in); err != nil {
		return 0, err
	}
	return out.n, archive.Close()
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// shape is what a subject is given to do.
type shape struct {
	name      string
	steps     []step // of the playbook
	playbooks int    // none: the embedded one
	bytes     int    // of the request's body
	memory    int    // that the function says it has, in MB; none: wholeProcessor
}

// step is one that reads something of Datadog.
type step struct {
	uses  string
	calls int
}

const relatedEvents = "related_events"

// kinds are in the order in which a shape takes them. Of related_events' two calls one
// is made once: its answer serves all alerts of a minute and is kept for 30 s, and an
// instance is measured for one or two.
var kinds = []step{
	{"monitor", 1},
	{relatedEvents, 1},
	{"owner", 1},
	{"metric", 1},
	{"downtimes", 1},
	{"logs", 1},
	{"slo", 2},
	{"incidents", 1},
	{"oncall", 2},
	{"changes", 1},
}

const kib = 1 << 10

var (
	// usual is what the subjects are compared by: the embedded playbook, and a body
	// such as Datadog sends.
	usual = shape{name: "embedded playbook, 1 KB", steps: kinds[:2], bytes: kib}
	large = []shape{
		{name: "embedded playbook, 16 KB", steps: kinds[:2], bytes: 16 * kib},
		{name: "embedded playbook, 250 KB", steps: kinds[:2], bytes: 250 * kib},
	}
	five  = shape{name: "5 steps", steps: kinds[:5], playbooks: 1, bytes: kib}
	forms = []shape{
		{name: "1 step", steps: kinds[:1], playbooks: 1, bytes: kib},
		five,
		{name: "10 steps", steps: kinds, playbooks: 1, bytes: kib},
		{name: "5 steps, 200 playbooks", steps: kinds[:5], playbooks: 200, bytes: kib},
		// With this it is not ready before all is built.
		{name: "embedded playbook, 1 KB, 256 MB", steps: kinds[:2], bytes: kib, memory: 256},
	}
)

// has reports whether a step is among the shape's.
func (s shape) has(uses string) bool {
	return slices.ContainsFunc(s.steps, func(step step) bool { return step.uses == uses })
}

// write writes the shape's playbooks into a file, the one that matches last, and
// returns the file's name; none for the embedded one.
func (s shape) write(dir string) (string, error) {
	if s.playbooks == 0 {
		return "", nil
	}
	var text strings.Builder
	text.WriteString("playbooks:\n")
	for i := range s.playbooks - 1 {
		fmt.Fprintf(&text, "  - name: other-%d\n    match: alert.tags.service == \"other-%d\" && alert.priority in [\"P1\", \"P2\"]\n", i, i)
		text.WriteString("    steps: [{uses: monitor}, {uses: owner}]\n    event: {title: \"{{ .alert.title | shorten 60 }}\"}\n")
	}
	text.WriteString("  - name: measured\n    steps:\n")
	for _, step := range s.steps {
		fmt.Fprintf(&text, "      - uses: %s\n", step.uses)
	}
	file := filepath.Join(dir, strings.ReplaceAll(s.name, " ", "-")+".yaml")
	return file, os.WriteFile(file, []byte(text.String()), 0o600)
}
