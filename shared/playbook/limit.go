package playbook

import (
	"errors"
	"fmt"
	"time"
)

// maxTime is what all expressions that match playbooks, or all of one step or one
// event, may take together. Usual ones take microseconds.
const maxTime = 250 * time.Millisecond

// maxRendered bounds, in bytes, what a template or a function of one may write.
const maxRendered = 256 << 10

var (
	errTooLong = errors.New("it writes more than 256 KiB")
	errTooSlow = fmt.Errorf("it takes longer than %s", maxTime)
)

// deadline ends loops. Each turn of one asks turn, and so does each regular
// expression; what is between two turns takes a time that is bounded by the
// lengths of the source and of the texts it sees.
type deadline struct{ at time.Time }

// deadlineName is where the environment of an expression or a template carries
// its deadline. No scope knows it, so that none can name it.
const deadlineName = "deadline"

// withDeadline starts the time of an environment.
func withDeadline(env map[string]any) map[string]any {
	env[deadlineName] = &deadline{time.Now().Add(maxTime)}
	return env
}

func (d *deadline) turn() error {
	if d == nil || time.Now().Before(d.at) {
		return nil
	}
	return errTooSlow
}

// within returns text, unless it is too long.
func within(text string) (string, error) {
	if len(text) > maxRendered {
		return "", errTooLong
	}
	return text, nil
}
