package awstest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
)

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
