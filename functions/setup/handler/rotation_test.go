package handler_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/handler"
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
	return w.handler.Handle(w.Context(), json.RawMessage(`{"Step":"`+name+`","SecretId":"`+w.standin.SecretARN(fakedatadog.DefaultWebhookSecret)+
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
	ok, err := secret.NewTokens(w.secrets, fakedatadog.DefaultWebhookSecret, nil).Check(w.Context(), presented)
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
func (w *world) shown() string { return w.standin.Variable(variable) }

func TestHandler_Rotate(t *testing.T) {
	w := newWorld(t)
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

func TestHandler_every_step_of_a_rotation_may_be_repeated(t *testing.T) {
	w := newWorld(t)
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
func TestHandler_a_rotation_that_ends_halfway_does_no_harm(t *testing.T) {
	for _, broken := range []struct {
		name  string
		route fakedatadog.Route
		step  string
	}{
		{"a_version_that_cannot_be_stored", fakedatadog.SecretsPut, "createSecret"},
		{"a_Datadog_that_is_down_at_the_beginning", fakedatadog.VariableUpdate, "setSecret"},
		{"a_label_that_cannot_be_moved", fakedatadog.SecretsStage, "finishSecret"},
		{"a_Datadog_that_is_down_at_the_end", fakedatadog.VariableUpdate, "finishSecret"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			w := newWorld(t, impatient, func(w *world) {
				w.conf.Tokens = watched{w.conf.Tokens, func() {
					if !w.accepts(w.shown()) {
						t.Error("in the middle of the last step, what Datadog shows is refused")
					}
				}}
			})
			w.mustSucceed(w.request(cfn.RequestCreate))
			for _, name := range steps {
				if name == broken.step {
					if err := w.standin.Inject(broken.route, fakedatadog.Status(500), 0); err != nil {
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
			w.standin.ClearFaults()
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

func TestHandler_a_rotation_before_setup_leaves_the_token_to_it(t *testing.T) {
	w := newWorld(t)
	w.mustRotate(second)
	if w.current() == token || w.shown() != "" {
		t.Errorf("the token is %q, and Datadog shows %q", w.current(), w.shown())
	}
	w.mustSucceed(w.request(cfn.RequestCreate))
	if w.shown() != w.current() {
		t.Errorf("Datadog shows %q", w.shown())
	}
}

func TestHandler_a_rotation_says_which_permission_is_missing_before_it_changes_anything(t *testing.T) {
	w := newWorld(t)
	w.mustSucceed(w.request(cfn.RequestCreate))
	w.standin.Deny("manage_integrations")
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

func TestHandler_rotates_nothing_else(t *testing.T) {
	w := newWorld(t)
	for name, event := range map[string]string{
		"another_secret":  `{"Step":"createSecret","SecretId":"` + w.standin.SecretARN(fakedatadog.DefaultDatadogSecret) + `","ClientRequestToken":"` + second + `"}`,
		"a_longer_name":   `{"Step":"createSecret","SecretId":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:boomerang/webhook-other-AbCdEf","ClientRequestToken":"` + second + `"}`,
		"no_version":      `{"Step":"createSecret","SecretId":"boomerang/webhook"}`,
		"an_unknown_step": `{"Step":"removeSecret","SecretId":"boomerang/webhook","ClientRequestToken":"` + second + `"}`,
	} {
		if err := w.handler.Handle(t.Context(), json.RawMessage(event)); err == nil || fault.IsTemporary(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range w.standin.Requests() {
		if r.Route != fakedatadog.SecretsGet && r.Method != http.MethodGet {
			t.Errorf("it changed %s", r.Route)
		}
	}
}
