package agenttest

import (
	"os"
	"os/exec"
	"testing"
)

// install puts the extension's file where the library looks for it, in a file system
// that only the command sees.
const install = `mount -t tmpfs tmpfs /opt && mkdir /opt/extensions && : >/opt/extensions/datadog-agent && exec "$@"`

// Command runs a program beside an installed extension. It needs Linux and unshare.
func Command(program string, args ...string) *exec.Cmd {
	return exec.Command("unshare", append([]string{"--user", "--map-root-user", "--mount", "sh", "-c", install, "sh", program}, args...)...) //nolint:gosec // It is a test.
}

// Require skips a test where Command cannot work.
func Require(t testing.TB) {
	t.Helper()
	if out, err := Command("true").CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE_ALL_TESTS") != "" {
			t.Fatalf("cannot mount a file system for the extension's file: %v: %s", err, out)
		}
		t.Skipf("cannot mount a file system for the extension's file: %v: %s", err, out)
	}
}
