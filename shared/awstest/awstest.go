// Package awstest is AWS for tests: moto_server behind a proxy that injects
// faults and records calls. See https://docs.getmoto.org/en/latest/docs/server_mode.html.
package awstest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Region is where everything is created, and Account is its owner in moto.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// AWS is a test's own way into the emulator that all tests share. It is an
// http.Handler, so that a test can serve it at further addresses.
type AWS struct {
	URL string // of the proxy

	server string // moto's URL
	proxy  *httptest.Server

	forwarding map[string]*sync.Mutex // by service

	mu     sync.Mutex
	faults []*fault
	calls  []Call
}

// New returns an AWS without faults. It skips the test where moto is missing, unless
// REQUIRE_ALL_TESTS is set.
func New(t testing.TB) *AWS {
	t.Helper()
	a, err := Start()
	if err != nil && os.Getenv("REQUIRE_ALL_TESTS") == "" {
		t.Skipf("needs an emulator of AWS, which `make test` sets up: %v", err)
	}
	check(t, err)
	t.Cleanup(a.Close)
	return a
}

// Start is New for local runs. The error says that moto is missing.
func Start() (*AWS, error) {
	server, err := moto()
	if err != nil {
		return nil, err
	}
	a := &AWS{server: server, forwarding: map[string]*sync.Mutex{"DynamoDB": {}, "SQS": {}}}
	a.proxy = httptest.NewServer(a)
	a.URL = a.proxy.URL
	return a, nil
}

// Close closes the proxy. The emulator ends with the process.
func (a *AWS) Close() { a.proxy.Close() }

// Config is for clients in the test's own process.
func (a *AWS) Config() aws.Config { return a.config("test") }

// directKey is the access key of the test's own calls.
const directKey = "direct"

// Direct is for calls of the test itself, which meet no fault and are not recorded.
func (a *AWS) Direct() aws.Config { return a.config(directKey) }

func (a *AWS) config(accessKey string) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: &a.URL,
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, "test", ""),
		HTTPClient:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}},
	}
}

// Environ is for child processes: AWS's own variables, and no other configuration.
func (a *AWS) Environ() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + a.URL, "AWS_REGION=" + Region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// Table creates a table and returns its name.
func (a *AWS) Table(t testing.TB) string {
	t.Helper()
	name, err := a.CreateTable(t.Context())
	check(t, err)
	return name
}

// CreateTable creates a table with the key of template.yaml, and returns its name.
// Calls that the test makes here meet no fault and are not recorded.
func (a *AWS) CreateTable(ctx context.Context) (string, error) {
	name := "table-" + rand.Text()
	_, err := dynamodb.NewFromConfig(a.Direct()).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	return name, err
}

// Queue creates a queue and returns its URL at the proxy.
func (a *AWS) Queue(t testing.TB, attributes map[string]string) string {
	t.Helper()
	out, err := sqs.NewFromConfig(a.Direct()).CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String("queue-" + rand.Text()), Attributes: attributes,
	})
	check(t, err)
	return *out.QueueUrl
}

// QueueARN returns the ARN of a queue, for a redrive policy.
func QueueARN(url string) string {
	return "arn:aws:sqs:" + Region + ":" + Account + ":" + url[strings.LastIndex(url, "/")+1:]
}

// Secret creates a secret and returns its ARN.
func (a *AWS) Secret(t testing.TB, value string) string {
	t.Helper()
	out, err := secretsmanager.NewFromConfig(a.Direct()).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("secret-" + rand.Text()), SecretString: &value,
	})
	check(t, err)
	return *out.ARN
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// moto returns the URL of the emulator: the one that MOTO_URL names, or one that
// this process starts.
var moto = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("MOTO_URL"); url != "" {
		return url, nil
	}
	program, err := findMoto()
	if err != nil {
		return "", err
	}
	return startMoto(program)
})

// findMoto looks in the module's .tools/venv, and then on PATH.
func findMoto() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			program := filepath.Join(dir, ".tools", "venv", "bin", "moto_server")
			if _, err := os.Stat(program); err == nil {
				return program, nil
			}
		}
	}
	return exec.LookPath("moto_server")
}

var listening = regexp.MustCompile(`Running on (http://\S+)`)

// startMoto starts the emulator at a free port. The shell ends it when this process
// ends, even if it is killed, because that closes the shell's standard input.
func startMoto(program string) (string, error) {
	command := exec.Command("sh", "-c", `"$0" --host 127.0.0.1 --port 0 2>&1 </dev/null & read -r _; kill $!; wait`, program)
	output, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	input, err := command.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("start %s: %w", program, err)
	}
	for lines := bufio.NewReader(output); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", errors.Join(fmt.Errorf("%s ended", program), err)
		}
		if match := listening.FindStringSubmatch(line); match != nil {
			go func() {
				_, _ = io.Copy(io.Discard, lines)
				runtime.KeepAlive(input) // The garbage collector would close it.
			}()
			return match[1], nil
		}
	}
}
