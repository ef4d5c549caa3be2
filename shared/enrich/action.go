package enrich

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Action is a step that runs after the event is posted, as a later run can repeat it.
type Action struct {
	Playbook string `json:"playbook"`
	Step     string `json:"step"`
	Kind     string `json:"kind"`
	// With is the step's settings in YAML with all templates rendered, so that each attempt
	// sends the same. It is empty if they could not be rendered yet. It names a secret and
	// never holds its value.
	With    string        `json:"with,omitempty"`
	Timeout time.Duration `json:"timeout,omitempty"`
	// Once says that the step runs once in the alert's cycle.
	Once bool `json:"once,omitempty"`
	// Keep has the templates of what the cycle keeps of the step's finding, by name.
	Keep map[string]string `json:"keep,omitempty"`
}

// ID names the step among those of all playbooks.
func (a Action) ID() string { return a.Playbook + "/" + a.Step }

type (
	alertKey struct{}
	stepKey  struct{}
)

// WithAlertKey returns a context whose steps have idempotency keys. The key names the alert,
// in all attempts.
func WithAlertKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, alertKey{}, key)
}

// IdempotencyKey returns what is the same in all attempts of one step on one alert, and
// differs between steps and alerts. It is empty in a context without the alert's key.
func IdempotencyKey(ctx context.Context) string {
	key, _ := ctx.Value(alertKey{}).(string)
	step, _ := ctx.Value(stepKey{}).(string)
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(step + "\n" + key))
	return hex.EncodeToString(sum[:16])
}
