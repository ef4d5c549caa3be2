// Package installation is what a stack has inside Datadog: the webhook and the secret
// variable with its token, a dashboard, and monitors on our own failure. It is made
// and removed piece by piece; everything is found again by its name, and what is as
// it should be is left alone.
package installation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// Change is what became of one piece.
type Change struct {
	What string // "the webhook boomerang"
	Verb Verb
}

// Verb says what was done to a piece.
type Verb string

// The verbs.
const (
	Created   Verb = "created"
	Updated   Verb = "updated"
	Unchanged Verb = "unchanged"
	Removed   Verb = "removed"
	Absent    Verb = "was not there"
)

// Installed is what an installation came to.
type Installed struct {
	Changes      []Change
	DashboardURL string
}

// Installer makes installations. Its application key needs create_webhooks,
// manage_integrations, integrations_read, dashboards_read, dashboards_write,
// monitors_read and monitors_write.
type Installer struct {
	Datadog *datadog.Client
	// Patience bounds how long a call that may succeed later is repeated after its
	// first failure, and Pause is the time between.
	Patience, Pause time.Duration
}

// The usual Patience and Pause: longer than a hiccup, and shorter than anybody waits
// for a stack.
const (
	usualPatience = 20 * time.Second
	usualPause    = 2 * time.Second
)

// New returns an installer with the usual patience.
func New(client *datadog.Client) Installer {
	return Installer{Datadog: client, Patience: usualPatience, Pause: usualPause}
}

// piece is one thing that a stack has inside Datadog. Both its functions may be
// called again and again.
type piece struct {
	what string
	// ensure makes the piece be as it should. It calls making before it makes one that
	// was not there.
	ensure func(ctx context.Context, making func()) (Verb, error)
	// remove removes the piece; Unchanged says that there is one and that it is not
	// ours to remove.
	remove func(ctx context.Context) (Verb, error)
}

// Install makes what spec says, with token as what the webhook shows. When it fails,
// what it made is removed again; the error says so, and the removal gets a time of its
// own after ctx has ended. Pieces that were there before stay, as far as it came.
func (i Installer) Install(ctx context.Context, spec Spec, token string) (Installed, error) {
	// An instance that has done this a moment ago may hold the keys of another organisation.
	for _, begin := range []func(context.Context) error{i.Datadog.RenewKeys, i.Datadog.Validate} {
		if err := i.again(ctx, func() error { return begin(ctx) }); err != nil {
			return Installed{}, err
		}
	}
	if err := i.again(ctx, func() error { return i.checkName(ctx, spec) }); err != nil {
		return Installed{}, err
	}
	var (
		result Installed
		made   []piece
	)
	for _, p := range i.pieces(spec, token, &result) {
		var verb Verb
		isMade := false
		err := i.again(ctx, func() (err error) {
			begun := false
			verb, err = p.ensure(ctx, func() { begun = true })
			// What Datadog refused is not there; what it did not answer may be.
			isMade = isMade || begun && (err == nil || fault.IsTemporary(err))
			return err
		})
		if isMade {
			made = append(made, p)
		}
		if err != nil {
			return Installed{}, i.undo(ctx, made, err)
		}
		result.Changes = append(result.Changes, Change{What: p.what, Verb: verb})
	}
	return result, nil
}

// pieces are in the order in which they are made: the webhook is the last, because
// with it alerts begin to come, and they must find everything else in place.
func (i Installer) pieces(spec Spec, token string, result *Installed) []piece {
	all := i.monitors(spec)
	all = append(all, i.dashboard(spec, result))
	return append(all, i.variable(spec, token), i.webhook(spec))
}

// UndoTime is what Install needs, once its context has ended, to remove what it made.
const UndoTime = 15 * time.Second

// Incomplete is the failure of an installation of which something could not be
// removed again.
type Incomplete struct{ error }

func (e Incomplete) Unwrap() error { return e.error }

// undo removes what was made, the last first, and returns why.
func (i Installer) undo(ctx context.Context, made []piece, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), UndoTime)
	defer cancel()
	left := i.removeAll(ctx, made, nil)
	f := *fault.From(why)
	if len(left) > 0 {
		f.Public += "; not all of what was made before that could be removed again"
		for _, err := range left {
			f.Public += "; " + fault.Public(err)
		}
		return Incomplete{&f}
	}
	if len(made) > 0 {
		f.Public += "; what was made before that is removed again"
	}
	return &f
}

// Remove removes what Install made, and goes on where a piece cannot be removed. The
// errors say which ones are left, and why.
func (i Installer) Remove(ctx context.Context, spec Spec) ([]Change, []error) {
	var changes []Change
	left := i.removeAll(ctx, i.pieces(spec, "", &Installed{}), &changes)
	return changes, left
}

func (i Installer) removeAll(ctx context.Context, pieces []piece, changes *[]Change) (left []error) {
	for _, p := range slices.Backward(pieces) {
		var verb Verb
		err := i.again(ctx, func() (err error) {
			verb, err = p.remove(ctx)
			return err
		})
		switch {
		case err != nil:
			left = append(left, fault.New(fault.From(err).Kind, fmt.Sprintf("%s is left in Datadog: %s", p.what, fault.Public(err)), err))
		case changes != nil:
			*changes = append(*changes, Change{What: p.what, Verb: verb})
		}
	}
	return left
}

// again repeats what may succeed later, for as long as the patience lasts.
func (i Installer) again(ctx context.Context, try func() error) error {
	end := time.Now().Add(i.Patience)
	for {
		err := try()
		if !fault.IsTemporary(err) {
			return err
		}
		pause := max(i.Pause, fault.From(err).RetryAfter)
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
