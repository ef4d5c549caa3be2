package deployed_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/deployed"
	"boomerang/shared/fault"
)

// The command's tests read a stack in the emulator of AWS.
func TestStack(t *testing.T) {
	const full, open = "arn:aws:secretsmanager:us-east-1:123456789012:secret:full-AbCdEf", "arn:aws:secretsmanager:us-east-1:123456789012:secret:open-??????"
	s := deployed.Stack{Name: "mine", Parameters: map[string]string{"HttpStepSecretArns": full + ", " + open}}
	other := strings.Replace(full, "full", "other", 1)
	got := s.Missing("HttpStepSecretArns", []string{
		full, strings.Replace(full, "AbCdEf", "??????", 1), open, strings.Replace(open, "??????", "XyZ123", 1), other, full + "x",
	})
	if diff := cmp.Diff([]string{other, full + "x"}, got); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if got := s.Missing("LambdaStepFunctionArns", []string{"arn"}); len(got) != 1 {
		t.Errorf("a stack of an older template has %v", got)
	}
	if _, err := s.Token(t.Context()); !strings.Contains(fault.Public(err), "the stack mine has no output WebhookSecretArn: deploy it again") {
		t.Errorf("no output: %v", err)
	}
}

func TestOpen_Errors(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"no profile":     {[]string{"AWS_PROFILE=nope"}, "correct AWS_PROFILE, or the file"},
		"no region":      {[]string{"AWS_REGION=", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}, "set AWS_REGION"},
		"no credentials": {[]string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID="}, "AWS_PROFILE"},
		"no connection":  {[]string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1"}, "AWS does not answer in the region eu-west-1: check its name"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"} {
				t.Setenv(name, "")
			}
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			t.Setenv("HOME", t.TempDir())
			for _, variable := range c.environ {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			if _, err := deployed.Open(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
