package handler_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/handler"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// steps are those of a rotation, in the order in which Secrets Manager asks for them.
var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

const (
	second = "11111111-1111-4111-8111-111111111111"
	third  = "22222222-2222-4222-8222-222222222222"
)

func (w *world) step(name, version string) error {
	return w.handler.Handle(w.Context(), json.RawMessage(`{"Step":"`+name+`","SecretId":"`+w.arn+
		`","ClientRequestToken":"`+version+`","RotationToken":"proof"}`))
}

func (w *world) mustRotate(version string) {
	w.Helper()
	for _, name := range steps {
		if err := w.step(name, version); err != nil {
			w.Fatalf("%s: %v", name, err)
		}
	}
}

// accepts reports whether the webhook would let a token in.
func (w *world) accepts(presented string) bool {
	w.Helper()
	ok, err := secret.NewTokens(w.secrets, w.arn, nil).Check(w.Context(), presented)
	if err != nil {
		w.Fatal(err)
	}
	return ok
}

// current is the token that Secrets Manager hands out.
func (w *world) current() string {
	w.Helper()
	text, err := w.conf.Tokens.Current(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return text.Reveal()
}

// shown is the token that Datadog puts into the header.
func (w *world) shown() string { return w.datadog.Variable(variable) }

func TestHandler_Rotate(t *testing.T) {
	w := newWorld(t, withSecret)
	w.mustSucceed(w.request(cfn.RequestCreate))
	w.mustRotate(second)
	fresh := w.current()
	if fresh == token || len(fresh) < 40 || w.shown() != fresh {
		t.Errorf("the token is %q, and Datadog shows %q", fresh, w.shown())
	}
	if !w.accepts(token) || !w.accepts(fresh) {
		t.Error("the previous token or the new one is refused")
	}
	if log := w.log.String(); strings.Contains(log, fresh) || strings.Contains(log, token) {
		t.Errorf("a token is in the log: %s", log)
	}
	w.mustRotate(third)
	if w.accepts(token) || !w.accepts(fresh) || w.shown() != w.current() {
		t.Error("after the second rotation the first token is accepted, or the second one is not, or Datadog shows another")
	}
}

func TestHandler_RotateRepeated(t *testing.T) {
	w := newWorld(t, withSecret)
	w.mustSucceed(w.request(cfn.RequestCreate))
	for _, name := range slices.Concat(steps, steps) {
		for range 2 {
			if err := w.step(name, second); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if w.shown() != w.current() || w.current() == token || !w.accepts(token) {
		t.Errorf("Datadog shows %q of %q", w.shown(), w.current())
	}
}

// watched are tokens that somebody looks at in the middle of the last step, when the
// new one is current and Datadog does not know it yet.
type watched struct {
	handler.Tokens
	look func()
}

func (w watched) Finish(ctx context.Context, version string) (secret.Secret, error) {
	text, err := w.Tokens.Finish(ctx, version)
	w.look()
	return text, err
}

// At every moment, and however a rotation ended, what Datadog shows is accepted.
func TestHandler_RotateInterrupted(t *testing.T) {
	for _, broken := range []struct {
		name    string
		datadog fakedatadog.Route
		aws     string // operation
		step    string
	}{
		{"a_version_that_cannot_be_stored", "", "PutSecretValue", "createSecret"},
		{"a_Datadog_that_is_down_at_the_beginning", fakedatadog.VariableUpdate, "", "setSecret"},
		{"a_label_that_cannot_be_moved", "", "UpdateSecretVersionStage", "finishSecret"},
		{"a_Datadog_that_is_down_at_the_end", fakedatadog.VariableUpdate, "", "finishSecret"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			w := newWorld(t, noRetries, withSecret, func(w *world) {
				w.conf.Tokens = watched{w.conf.Tokens, func() {
					if !w.accepts(w.shown()) {
						t.Error("in the middle of the last step, what Datadog shows is refused")
					}
				}}
			})
			w.mustSucceed(w.request(cfn.RequestCreate))
			for _, name := range steps {
				if name == broken.step {
					if broken.aws != "" {
						w.aws.Break(awstest.Fault{Service: "SecretsManager", Operation: broken.aws, Effect: awstest.Status(500)})
					} else if err := w.datadog.Inject(broken.datadog, fakedatadog.Status(500), 0); err != nil {
						t.Fatal(err)
					}
					if err := w.step(name, second); err == nil {
						t.Fatal("the step succeeded")
					}
					break
				}
				if err := w.step(name, second); err != nil {
					t.Fatal(err)
				}
			}
			if !w.accepts(w.shown()) {
				t.Fatal("what Datadog shows is refused")
			}
			w.datadog.ClearFaults()
			w.aws.ClearFaults()
			before := w.shown()
			for _, name := range steps {
				if err := w.step(name, third); err != nil {
					t.Fatalf("the next rotation: %s: %v", name, err)
				}
				if !w.accepts(w.shown()) {
					t.Fatalf("the next rotation refuses what Datadog shows, after %s", name)
				}
			}
			if w.shown() == before || w.shown() != w.current() {
				t.Errorf("the next rotation changed nothing")
			}
		})
	}
}

func TestHandler_RotateBeforeSetup(t *testing.T) {
	w := newWorld(t, withSecret)
	w.mustRotate(second)
	if w.current() == token || w.shown() != "" {
		t.Errorf("the token is %q, and Datadog shows %q", w.current(), w.shown())
	}
	w.mustSucceed(w.request(cfn.RequestCreate))
	if w.shown() != w.current() {
		t.Errorf("Datadog shows %q", w.shown())
	}
}

func TestHandler_RotateMissingPermission(t *testing.T) {
	w := newWorld(t, withSecret)
	w.mustSucceed(w.request(cfn.RequestCreate))
	w.datadog.Deny("manage_integrations")
	if err := w.step("createSecret", second); err != nil {
		t.Fatal(err)
	}
	if err := w.step("setSecret", second); err == nil || !strings.Contains(fault.Public(err), "manage_integrations") {
		t.Errorf("got %v", err)
	}
	if w.current() != token {
		t.Error("the token is another")
	}
}

func TestHandler_RotateOtherSecret(t *testing.T) {
	w := newWorld(t, withSecret)
	for name, event := range map[string]string{
		"another secret": `{"Step":"createSecret","SecretId":"` + w.aws.Secret(t, "{}") + `","ClientRequestToken":"` + second + `"}`,
		"longer name":    `{"Step":"createSecret","SecretId":"` + w.arn + `-other-AbCdEf","ClientRequestToken":"` + second + `"}`,
		"no version":     `{"Step":"createSecret","SecretId":"` + w.arn + `"}`,
		"unknown step":   `{"Step":"removeSecret","SecretId":"` + w.arn + `","ClientRequestToken":"` + second + `"}`,
	} {
		if err := w.handler.Handle(t.Context(), json.RawMessage(event)); err == nil || fault.IsTemporary(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, operation := range []string{"PutSecretValue", "UpdateSecretVersionStage"} {
		if calls := w.aws.Calls("SecretsManager", operation); len(calls) > 0 {
			t.Errorf("it called %s", operation)
		}
	}
	if changes := w.changes(0); len(changes) > 0 {
		t.Errorf("it changed %v", changes)
	}
}
