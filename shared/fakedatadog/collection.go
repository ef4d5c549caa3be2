package fakedatadog

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// collection keeps resources in the order in which they were added.
type collection[T any] struct {
	id  func(T) string
	all []T
}

func (c *collection[T]) index(id string) int {
	return slices.IndexFunc(c.all, func(v T) bool { return c.id(v) == id })
}

// put adds a resource, or replaces the one with the same id.
func (c *collection[T]) put(v T) {
	if i := c.index(c.id(v)); i >= 0 {
		c.all[i] = v
		return
	}
	c.all = append(c.all, v)
}

func (c *collection[T]) remove(id string) {
	if i := c.index(id); i >= 0 {
		c.all = slices.Delete(c.all, i, i+1)
	}
}

func (c *collection[T]) get(id string) (found T, exists bool) {
	if i := c.index(id); i >= 0 {
		return c.all[i], true
	}
	return found, false
}

// found makes a handler of a function that takes the resource of the path, {id} or
// {number}. The text about a missing one may have its id for %s.
func (c *collection[T]) found(missing string, handle func(*call, T) answer) func(*call) answer {
	return func(request *call) answer {
		id := cmp.Or(request.PathValue("id"), request.PathValue("number"))
		if v, exists := c.get(id); exists {
			return handle(request, v)
		}
		return failure(http.StatusNotFound, strings.ReplaceAll(missing, "%s", id))
	}
}

// deleted makes a handler that deletes the resource of the path.
func (c *collection[T]) deleted(missing string) func(*call) answer {
	return c.found(missing, func(_ *call, v T) answer {
		c.remove(c.id(v))
		return success(object{})
	})
}

// where returns the resources that match.
func where[T any](all []T, matches func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !matches(v) })
}
