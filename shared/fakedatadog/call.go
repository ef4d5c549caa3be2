package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The words of Datadog's answers about parameters.
const (
	missingValue = "The parameter '%s' is required"
	invalidValue = "The value provided for parameter '%s' is invalid"
)

// params reads query parameters and keeps the first problem, which then is the
// call's answer.
type params struct {
	url.Values
	problem string
}

func (p *params) fail(format string, args ...any) {
	p.problem = cmp.Or(p.problem, fmt.Sprintf(format, args...))
}

// integer returns a number that is not negative.
func (p *params) integer(name string, defaultValue int64) int64 {
	n, err := strconv.ParseInt(cmp.Or(p.Get(name), "0"), 10, 64)
	p.failIf(err != nil || n < 0, invalidValue, name)
	return cmp.Or(max(0, n), defaultValue)
}

func (p *params) failIf(wrong bool, format string, args ...any) {
	if wrong {
		p.fail(format, args...)
	}
}

func (p *params) require(names ...string) {
	for _, name := range names {
		p.failIf(p.Get(name) == "", missingValue, name)
	}
}

func (p *params) flag(name string) bool {
	return p.oneOf(name, "", "true", "false") == "true"
}

// oneOf returns a value that must be one of those.
func (p *params) oneOf(name string, values ...string) string {
	v := p.Get(name)
	p.failIf(!slices.Contains(values, v), invalidValue, name)
	return v
}

// list splits at commas and drops what is empty.
func (p *params) list(name string) (parts []string) {
	for part := range strings.SplitSeq(p.Get(name), ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func (p *params) includes(name string) bool { return slices.Contains(p.list("include"), name) }

// window returns at most limit elements from offset on.
func window[T any](all []T, offset, limit int64) []T {
	first := min(offset, int64(len(all)))
	return all[first : first+max(0, min(limit, int64(len(all))-first))]
}

// collection keeps resources in the order in which they were added, and handles calls
// about one of them: {id} or {number} in the path.
type collection[T any] struct {
	id func(T) string
	// missing is the text about an unknown resource; %s stands for its id.
	missing string
	// change makes the new resource of a call's body and of the old resource, which is
	// zero for a new one. A problem is the call's.
	change func(*call, T) T
	// show returns the resource as it is in answers about itself.
	show   func(T) any
	all    []T
	issued int64 // The last of the numbers that new ids are made of.
}

func (k *collection[T]) issue() int64 {
	k.issued++
	return k.issued
}

func (k *collection[T]) index(id string) int {
	return slices.IndexFunc(k.all, func(v T) bool { return k.id(v) == id })
}

// put adds a resource, or replaces the one with the same id.
func (k *collection[T]) put(v T) {
	if i := k.index(k.id(v)); i >= 0 {
		k.all[i] = v
		return
	}
	k.all = append(k.all, v)
}

func (k *collection[T]) remove(v T) {
	k.all = slices.DeleteFunc(k.all, func(other T) bool { return k.id(other) == k.id(v) })
}

func (k *collection[T]) find(id string) (found T, exists bool) {
	if i := k.index(id); i >= 0 {
		return k.all[i], true
	}
	return found, false
}

// found makes a handler of a function that takes the resource of the path.
func (k *collection[T]) found(handle func(*call, T) answer) func(*call) answer {
	return func(c *call) answer {
		id := cmp.Or(c.PathValue("id"), c.PathValue("number"))
		if v, exists := k.find(id); exists {
			return handle(c, v)
		}
		return failure(http.StatusNotFound, strings.ReplaceAll(k.missing, "%s", id))
	}
}

func (k *collection[T]) get() func(*call) answer {
	return k.found(func(_ *call, v T) answer { return success(k.show(v)) })
}

func (k *collection[T]) create(status int) func(*call) answer {
	return func(c *call) answer {
		var none T
		return k.write(c, none, status)
	}
}

func (k *collection[T]) update() func(*call) answer {
	return k.found(func(c *call, v T) answer { return k.write(c, v, http.StatusOK) })
}

func (k *collection[T]) write(c *call, before T, status int) answer {
	after := k.change(c, before)
	if c.problem != "" {
		return answer{}
	}
	k.put(after)
	return jsonAnswer(status, k.show(after))
}

// delete makes a handler that deletes the resource, and answers with its id under a key.
func (k *collection[T]) delete(key string) func(*call) answer {
	return k.found(func(_ *call, v T) answer {
		k.remove(v)
		if key == "" {
			return success(object{})
		}
		return success(object{key: k.id(v)})
	})
}

func where[T any](all []T, matches func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !matches(v) })
}

func list[T, S any](page []T, show func(T) S) []S {
	shown := []S{}
	for _, v := range page {
		shown = append(shown, show(v))
	}
	return shown
}
