package provision

import (
	"context"
	"errors"

	"boomerang/shared/datadog"
)

// managed is a resource that is found by its name.
type managed[T datadog.Managed] struct {
	name string
	// find returns what has the name. The error notOurs means that another owner has it.
	find func(context.Context) ([]T, error)
	// want returns the resource as it should be, and whether it is. found is zero if there is none.
	want    func(ctx context.Context, found T) (want T, same bool, err error)
	created func(datadog.Created) // Optional.
}

// notOurs is the error of a name that another owner has.
type notOurs struct{ error }

func (e notOurs) Unwrap() error { return e.error }

func (m managed[T]) resource(client *datadog.Client) resource {
	ensure := func(ctx context.Context, creating func()) (Action, error) {
		found, err := m.find(ctx)
		if err != nil {
			return "", err
		}
		var there T
		if len(found) > 0 {
			there = found[0]
		}
		want, same, err := m.want(ctx, there)
		switch {
		case err != nil || same:
			return Unchanged, err
		case len(found) > 0:
			return Updated, client.Update(ctx, want)
		}
		creating()
		created, err := client.Add(ctx, want)
		if m.created != nil {
			m.created(created)
		}
		return Created, err
	}
	remove := func(ctx context.Context) (Action, error) {
		found, err := m.find(ctx)
		if _, taken := errors.AsType[notOurs](err); taken {
			return Unchanged, nil
		}
		action := Absent
		for _, one := range found {
			if action, err = deletedOrError(client.Delete(ctx, one)); err != nil {
				break
			}
		}
		return action, err
	}
	return resource{name: m.name, ensure: ensure, remove: remove}
}

// deletedOrError accepts that a resource is already deleted.
func deletedOrError(err error) (Action, error) {
	if datadog.IsNotFound(err) {
		return Absent, nil
	}
	return Removed, err
}
