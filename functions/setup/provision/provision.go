// Package provision creates, updates and removes what a stack has inside Datadog: the
// webhook and the secret variable with its token, a dashboard, monitors on Boomerang's own
// failures, and on request a notification rule. It finds each resource by its name and leaves it alone if it
// is up to date.
package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// Change says what happened to one resource.
type Change struct {
	Name   string // "the webhook boomerang"
	Action Action
}

// Action is what was done to a resource.
type Action string

// The actions.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Unchanged Action = "unchanged"
	Removed   Action = "removed"
	Absent    Action = "was not there"
)

// Result is the outcome of Install.
type Result struct {
	Changes      []Change
	DashboardURL string
}

// Provisioner manages the resources. Its application key needs create_webhooks,
// manage_integrations, integrations_read, dashboards_read, dashboards_write,
// monitors_read and monitors_write, and for a notification rule monitor_config_policy_write.
type Provisioner struct {
	Datadog *datadog.Client
	// RetryTimeout bounds how long a temporary failure is retried, every RetryInterval.
	RetryTimeout, RetryInterval time.Duration
}

const (
	defaultRetryTimeout  = 20 * time.Second
	defaultRetryInterval = 2 * time.Second
)

// New returns a provisioner.
func New(client *datadog.Client) Provisioner {
	return Provisioner{Datadog: client, RetryTimeout: defaultRetryTimeout, RetryInterval: defaultRetryInterval}
}

// resource is one thing inside Datadog. Both functions may be called repeatedly.
type resource struct {
	name string
	// ensure makes the resource as it should be. It calls creating before it creates one.
	ensure func(ctx context.Context, creating func()) (Action, error)
	// remove removes the resource. Unchanged means that it belongs to another owner.
	remove func(ctx context.Context) (Action, error)
}

// Install creates or updates what spec describes; token is the webhook's. After a failure
// it removes what it created, in extra time of RollbackTimeout, and the error says so.
// Resources that were there before stay.
func (p Provisioner) Install(ctx context.Context, spec Spec, token string) (Result, error) {
	// An instance that is still warm may hold the keys of another organization.
	unowned := func(ctx context.Context) error {
		_, err := p.findWebhook(ctx, spec) // Before anything is created.
		return err
	}
	for _, check := range []func(context.Context) error{p.Datadog.RenewKeys, p.Datadog.Validate, unowned} {
		if err := p.retry(ctx, check); err != nil {
			return Result{}, err
		}
	}
	var result Result
	var created []resource
	for _, r := range p.resources(spec, token, &result) {
		action, isCreated, err := p.ensure(ctx, r)
		if isCreated {
			created = append(created, r)
		}
		if err != nil {
			return Result{}, p.rollback(ctx, created, err)
		}
		result.Changes = append(result.Changes, Change{Name: r.name, Action: action})
	}
	return result, nil
}

// ensure retries one resource. A creation that Datadog rejected left nothing behind; one
// that it did not answer may have.
func (p Provisioner) ensure(ctx context.Context, r resource) (action Action, isCreated bool, err error) {
	err = p.retry(ctx, func(ctx context.Context) (err error) {
		creating := false
		action, err = r.ensure(ctx, func() { creating = true })
		isCreated = isCreated || creating && (err == nil || fault.IsTemporary(err))
		return err
	})
	return action, isCreated, err
}

// resources are in the order of creation. The webhook and the rule that needs it are last,
// because alerts arrive once they are there.
func (p Provisioner) resources(spec Spec, token string, result *Result) []resource {
	all := append(p.monitors(spec), p.dashboard(spec, result))
	all = append(all, p.variable(spec, token), p.webhook(spec))
	if spec.Route != "" || spec.FormerRoute != "" {
		all = append(all, p.rule(spec))
	}
	return all
}

// RollbackTimeout is the time that Install may need after its context has ended.
const RollbackTimeout = 15 * time.Second

// IncompleteError is a failure of Install that left something behind.
type IncompleteError struct{ error }

func (e IncompleteError) Unwrap() error { return e.error }

// rollback removes what was created, in reverse order, and returns the cause.
func (p Provisioner) rollback(ctx context.Context, created []resource, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), RollbackTimeout)
	defer cancel()
	_, left := p.removeAll(ctx, created)
	f := *fault.From(cause)
	if len(left) > 0 {
		f.Public += "; some resources that were created before that could not be removed"
		for _, err := range left {
			f.Public += "; " + fault.Public(err)
		}
		return IncompleteError{&f}
	}
	if len(created) > 0 {
		f.Public += "; the resources that were created before that are removed"
	}
	return &f
}

// Remove removes what Install created. It continues after a failure; the errors say what
// is left and why.
func (p Provisioner) Remove(ctx context.Context, spec Spec) (changes []Change, left []error) {
	return p.removeAll(ctx, p.resources(spec, "", &Result{}))
}

func (p Provisioner) removeAll(ctx context.Context, resources []resource) (changes []Change, left []error) {
	for _, r := range slices.Backward(resources) {
		var action Action
		err := p.retry(ctx, func(ctx context.Context) (err error) {
			action, err = r.remove(ctx)
			return err
		})
		if err != nil {
			left = append(left, fault.New(fault.From(err).Kind, fmt.Sprintf("%s is left in Datadog: %s", r.name, fault.Public(err)), err))
			continue
		}
		changes = append(changes, Change{Name: r.name, Action: action})
	}
	return changes, left
}

// retry repeats a call after temporary failures.
func (p Provisioner) retry(ctx context.Context, call func(context.Context) error) error {
	end := time.Now().Add(p.RetryTimeout)
	for {
		err := call(ctx)
		if !fault.IsTemporary(err) {
			return err
		}
		pause := max(p.RetryInterval, fault.From(err).RetryAfter)
		if time.Now().Add(pause).After(end) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}
