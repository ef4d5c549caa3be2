package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"boomerang/functions/internal/runtimeapi"
)

// Emulate runs a function in the emulator of the Lambda runtime that AWS publishes
// (https://github.com/aws/aws-lambda-runtime-interface-emulator), without a container.
// path is that of the emulator's program.
func (s *Stack) Emulate(path string, f Function, limit time.Duration) *Instance {
	s.t.Helper()
	dir, err := binaries()
	s.check(err)
	address := closedAddress()
	command := exec.Command(path, "--log-level", "error", "--runtime-api-address", closedAddress(), "--runtime-interface-emulator-address", address, //nolint:gosec // The test gives the path.
		filepath.Join(dir, string(f)))
	command.Env = append(s.environment(nil), "AWS_LAMBDA_FUNCTION_TIMEOUT="+strconv.Itoa(int(limit.Seconds())))
	listening := make(chan struct{})
	go func() {
		for {
			if connection, err := net.DialTimeout("tcp", address, time.Second); err == nil {
				_ = connection.Close()
				close(listening)
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return s.run(command, emulator("http://"+address+"/2015-03-31/functions/function/invocations"), listening)
}

// emulator is the URL at which the emulator takes invocations.
type emulator string

// Invoke implements invoker.
func (e emulator) Invoke(ctx context.Context, payload []byte, _ time.Time) (runtimeapi.Result, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, string(e), bytes.NewReader(payload))
	if err != nil {
		return runtimeapi.Result{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return runtimeapi.Result{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return runtimeapi.Result{Body: body, Failed: response.StatusCode != http.StatusOK}, err
}
