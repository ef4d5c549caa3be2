package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is where Linux tells of a running process
// (https://docs.kernel.org/filesystems/proc.html).
func (i *instance) process() string { return "/proc/" + strconv.Itoa(i.command.Process.Pid) }

var errEnded = errors.New("the process has ended")

// peak returns the most memory that the process ever had, in bytes.
func (i *instance) peak() (int64, error) {
	status, err := os.ReadFile(i.process() + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errEnded
}

// cpu returns for how long the process's threads ran: unlike the time that passes,
// it depends little on what else the machine has to do.
func (i *instance) cpu() (time.Duration, error) {
	files, err := filepath.Glob(i.process() + "/task/*/schedstat")
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("no thread tells how long it ran: %w, or the kernel keeps no schedstat", errEnded)
	}
	var ran time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // A thread that ended in between.
		}
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		nanoseconds, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		ran += time.Duration(nanoseconds)
	}
	return ran, nil
}
