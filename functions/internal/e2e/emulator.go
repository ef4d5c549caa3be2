package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Emulator is a function in the emulator of the Lambda runtime that AWS publishes
// (https://github.com/aws/aws-lambda-runtime-interface-emulator), without a container.
type Emulator struct {
	url    string
	output *output
}

// Emulate runs a function in the emulator, which is the program at path.
func (s *Stack) Emulate(path string, f Function, limit time.Duration) *Emulator {
	s.t.Helper()
	dir, err := binaries()
	if err != nil {
		s.t.Fatal(err)
	}
	address := freeAddress(s)
	e := &Emulator{url: "http://" + address + "/2015-03-31/functions/function/invocations", output: &output{}}
	command := exec.Command(path, "--log-level", "error", "--runtime-api-address", freeAddress(s), "--runtime-interface-emulator-address", address, //nolint:gosec // The test gives the path.
		filepath.Join(dir, string(f)))
	command.Env = append(s.environment(nil), "AWS_LAMBDA_FUNCTION_TIMEOUT="+strconv.Itoa(int(limit.Seconds())))
	command.Stdout, command.Stderr = e.output, e.output
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for range 100 {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = connection.Close()
			return e
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("the emulator does not start: %s", e.Output())
	return nil
}

func freeAddress(s *Stack) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// Send sends a request to the webhook.
func (e *Emulator) Send(request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	var response events.LambdaFunctionURLResponse
	raw, err := json.Marshal(request)
	if err != nil {
		return response, err
	}
	answer, err := http.Post(e.url, "application/json", bytes.NewReader(raw)) //nolint:gosec,noctx // The emulator of the test.
	if err != nil {
		return response, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the emulator answered %d %s", answer.StatusCode, body)
	}
	if err == nil {
		err = json.Unmarshal(body, &response)
	}
	return response, err
}

// Output is the end of what the emulator and the function wrote.
func (e *Emulator) Output() string {
	e.output.mu.Lock()
	defer e.output.mu.Unlock()
	return e.output.buffer.String()
}
