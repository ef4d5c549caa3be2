package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Memory returns how many bytes of memory the process has, and had at its peak.
// Where the system does not tell the peak, it is what the process has now.
func (i *Instance) Memory() (now, peak int64, err error) {
	pid := strconv.Itoa(i.command.Process.Pid)
	status, err := os.Open("/proc/" + pid + "/status")
	if err != nil {
		now, err = resident(pid)
		return now, now, err
	}
	defer func() { _ = status.Close() }()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64) // Other lines hold other things.
		switch name {
		case "VmRSS":
			now = kilobytes << 10
		case "VmHWM":
			peak = kilobytes << 10
		}
	}
	if now == 0 {
		return 0, 0, fmt.Errorf("process %s has ended", pid)
	}
	return now, peak, nil
}

// resident asks ps, which every Unix has.
func resident(pid string) (int64, error) {
	out, err := exec.Command("ps", "-o", "rss=", "-p", pid).Output()
	if err != nil {
		return 0, fmt.Errorf("ps: %w", err)
	}
	kilobytes, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return kilobytes << 10, err
}
