package handler_test

import (
	"context"
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

var _ handler.Tokens = (*secret.Rotation)(nil)

// steps are those of a rotation, in the order of Secrets Manager.
var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// The versions of the secret after the first.
const (
	second = "11111111-1111-4111-8111-111111111111"
	third  = "22222222-2222-4222-8222-222222222222"
)

// rotating is a world with the token in Secrets Manager.
func rotating(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.storeToken(`{"token":"` + token + `"}`)
	return w
}

func (w *world) step(name, version string) error {
	w.Helper()
	return w.handle(w.Context(), map[string]string{"Step": name, "SecretId": w.arn, "ClientRequestToken": version, "RotationToken": "proof"})
}

func (w *world) mustRotate(version string) {
	w.Helper()
	for _, name := range steps {
		if err := w.step(name, version); err != nil {
			w.Fatalf("%s: %v", name, err)
		}
	}
}

// accepts reports whether the webhook accepts a token.
func (w *world) accepts(presented string) bool {
	w.Helper()
	ok, err := secret.NewTokens(w.secrets.GetSecretValue, w.arn, nil).Check(w.Context(), presented)
	if err != nil {
		w.Fatal(err)
	}
	return ok
}

// current is the token that Secrets Manager returns.
func (w *world) current() string {
	w.Helper()
	text, err := w.conf.Tokens.Current(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return text.Reveal()
}

// sent is the token that Datadog puts into the header.
func (w *world) sent() string { return w.datadog.Variable(variable) }

func TestHandler_Rotate(t *testing.T) {
	w := rotating(t)
	w.mustSucceed(cfn.RequestCreate)
	w.mustRotate(second)
	fresh := w.current()
	if fresh == token || len(fresh) < 40 || w.sent() != fresh {
		t.Errorf("the token is %q, and Datadog sends %q", fresh, w.sent())
	}
	if !w.accepts(token) || !w.accepts(fresh) {
		t.Error("the previous token or the new one is refused")
	}
	if log := w.log.String(); strings.Contains(log, fresh) || strings.Contains(log, token) {
		t.Errorf("a token is in the log: %s", log)
	}
	w.mustRotate(third)
	if w.accepts(token) || !w.accepts(fresh) || w.sent() != w.current() {
		t.Error("after the second rotation the first token is accepted, or the second one is not, or Datadog sends another")
	}
}

func TestHandler_RotateRepeated(t *testing.T) {
	w := rotating(t)
	w.mustSucceed(cfn.RequestCreate)
	for _, name := range slices.Concat(steps, steps) {
		for range 2 {
			if err := w.step(name, second); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if w.sent() != w.current() || w.current() == token || !w.accepts(token) {
		t.Errorf("Datadog sends %q of %q", w.sent(), w.current())
	}
}

// watchedTokens looks at the middle of the last step, when the new token is current and
// Datadog does not have it yet.
type watchedTokens struct {
	handler.Tokens
	look func()
}

func (w watchedTokens) Finish(ctx context.Context, version string) (secret.Secret, error) {
	text, err := w.Tokens.Finish(ctx, version)
	w.look()
	return text, err
}

// At every moment, and however a rotation ended, what Datadog sends is accepted.
func TestHandler_RotateInterrupted(t *testing.T) {
	for name, tt := range map[string]struct {
		step      string
		operation string // of Secrets Manager that fails; empty: Datadog's update
	}{
		"version not stored":       {"createSecret", "PutSecretValue"},
		"datadog down, first step": {"setSecret", ""},
		"label not moved":          {"finishSecret", "UpdateSecretVersionStage"},
		"datadog down, last step":  {"finishSecret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := rotating(t)
			w.withoutRetries()
			mustAccept := func() {
				t.Helper()
				if !w.accepts(w.sent()) {
					t.Error("what Datadog sends is refused")
				}
			}
			w.conf.Tokens = watchedTokens{w.conf.Tokens, mustAccept}
			w.mustSucceed(cfn.RequestCreate)
			for _, name := range steps[:slices.Index(steps, tt.step)] {
				if err := w.step(name, second); err != nil {
					t.Fatal(err)
				}
			}
			if tt.operation == "" {
				w.inject(fakedatadog.VariableUpdate, fakedatadog.Status(500), 0)
			} else {
				w.aws.Break(awstest.Fault{Service: "SecretsManager", Operation: tt.operation, Effect: awstest.Status(500)})
			}
			if err := w.step(tt.step, second); err == nil {
				t.Fatal("the step succeeded")
			}
			mustAccept()
			w.datadog.ClearFaults()
			w.aws.ClearFaults()
			before := w.sent()
			for _, name := range steps {
				if err := w.step(name, third); err != nil {
					t.Fatalf("the next rotation: %s: %v", name, err)
				}
				mustAccept()
			}
			if w.sent() == before || w.sent() != w.current() {
				t.Errorf("the next rotation changed nothing")
			}
		})
	}
}

func TestHandler_RotateBeforeSetup(t *testing.T) {
	w := rotating(t)
	w.mustRotate(second)
	if w.current() == token || w.sent() != "" {
		t.Errorf("the token is %q, and Datadog sends %q", w.current(), w.sent())
	}
	w.mustSucceed(cfn.RequestCreate)
	if w.sent() != w.current() {
		t.Errorf("Datadog sends %q", w.sent())
	}
}

func TestHandler_RotateMissingPermission(t *testing.T) {
	w := rotating(t)
	w.mustSucceed(cfn.RequestCreate)
	w.datadog.Deny("manage_integrations")
	if err := w.step("createSecret", second); err != nil {
		t.Fatal(err)
	}
	if err := w.step("setSecret", second); err == nil || !strings.Contains(fault.Public(err), "manage_integrations") {
		t.Errorf("got %v", err)
	}
	if w.current() != token {
		t.Error("the token changed")
	}
}

func TestHandler_RotateOtherSecret(t *testing.T) {
	w := rotating(t)
	for name, event := range map[string]map[string]string{
		"another secret": {"Step": "createSecret", "SecretId": w.aws.Secret(t, "{}"), "ClientRequestToken": second},
		"longer name":    {"Step": "createSecret", "SecretId": w.arn + "-other-AbCdEf", "ClientRequestToken": second},
		"no version":     {"Step": "createSecret", "SecretId": w.arn},
		"unknown step":   {"Step": "removeSecret", "SecretId": w.arn, "ClientRequestToken": second},
	} {
		if err := w.handle(t.Context(), event); err == nil || fault.IsTemporary(err) {
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
