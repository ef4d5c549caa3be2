package check_test

import (
	"fmt"
	"testing"
)

func TestCheck_Sources(t *testing.T) {
	const unknown = "test.yaml:3:21: warning: Datadog does not list the source %q, and may show the event without an integration%s"
	for source, want := range map[string]string{
		"torq": "", "Torq": "", "my apps": "", "amazon_ec2": "", "Amazon EC2": "", "split.io": "", " ": "", "zscaler": "", "dotnet": "",
		`"{{ .alert.title }}"`: "", `"{{ if .alert.recovered }}github{{ else }}torq{{ end }}"`: "",
		"githib":   fmt.Sprintf(unknown, "githib", `; did you mean "github"?`),
		"EC2":      fmt.Sprintf(unknown, "EC2", `; did you mean "amazon ec2"?`),
		"payments": fmt.Sprintf(unknown, "payments", ""),
		`"{{ if .alert.recovered }}torq{{ else }}totq{{ end }}"`: fmt.Sprintf(unknown, "totq", `; did you mean "torq"?`),
	} {
		report := file(one("event: {source: " + source + "}"))
		if got := report.Warnings.Error(); got != want || report.Err != nil {
			t.Errorf("%s: got %q, %v, want %q", source, got, report.Err, want)
		}
	}
}
