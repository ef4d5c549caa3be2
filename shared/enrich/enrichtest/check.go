package enrichtest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Find returns what a step finds.
func Find(t *testing.T, step enrich.Step, a alert.Alert) enrich.Finding {
	t.Helper()
	f, err := step.Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Equal checks a finding, and its data as JSON, because playbooks use the names.
func Equal(t *testing.T, got, want enrich.Finding, wantData string) {
	t.Helper()
	var data strings.Builder
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(got.Data)
	if diff := cmp.Diff(wantData, strings.TrimSpace(data.String())); err != nil || diff != "" {
		t.Errorf("%v, data (-want +got):\n%s", err, diff)
	}
	want.Data = got.Data
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

// Blocks checks the blocks of a finding.
func Blocks(t *testing.T, got enrich.Finding, want ...enrich.Block) {
	t.Helper()
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

// Validate checks what a Config's Validate returns; want is empty for a valid one.
func Validate(t *testing.T, config interface{ Validate() error }, want string) {
	t.Helper()
	got := ""
	if err := config.Validate(); err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%+v:\ngot  %q\nwant %q", config, got, want)
	}
}

// Skips checks that a step skips an alert for a reason.
func Skips(t *testing.T, step enrich.Step, a alert.Alert, want string) {
	t.Helper()
	if r := run(t, step, a); r.Status != enrich.Skipped || fault.Public(r.Err) != want {
		t.Errorf("%s, %v, want skipped: %s", r.Status, r.Err, want)
	}
}
