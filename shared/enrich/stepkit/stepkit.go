// Package stepkit holds what several steps share: how they choose what to look up,
// how long their parts may take, and how they write times and counts.
package stepkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// maxTagBytes bounds what a step looks up: a tag has at most 200 characters
// (https://docs.datadoghq.com/getting_started/tagging/).
const maxTagBytes = 4 * 200

// Tag returns the first of the keys that the alert has a tag for, and its value. A
// value that the playbook configures comes first and counts as the first key's. The
// error skips the step.
func Tag(a alert.Alert, configured string, keys ...string) (key, value string, err error) {
	tags := enrich.Tags(a)
	for i, key := range keys {
		value := tags.Get(key)
		if i == 0 {
			value = cmp.Or(strings.TrimSpace(configured), value)
		}
		switch {
		case len(value) > maxTagBytes:
			return "", "", enrich.Skip("the alert's " + key + " tag is longer than Datadog allows")
		case value != "":
			return key, value, nil
		}
	}
	return "", "", enrich.Skip("the alert has no " + strings.Join(keys, " or ") + " tag")
}

// MonitorID returns the monitor ID in text. The error skips the step.
func MonitorID(text string) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || id <= 0 {
		return 0, enrich.Skip("the alert names no monitor")
	}
	return id, nil
}

// DifferentEnv reports whether something with these tags belongs to other
// environments than env. Without env tags on both sides it may belong to any.
func DifferentEnv(tags alert.Tags, env []string) bool {
	envs := tags.All("env")
	return len(env) > 0 && len(envs) > 0 && !slices.ContainsFunc(envs, func(e string) bool { return slices.Contains(env, e) })
}

// IsNotFound reports whether Datadog answered 404.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*datadog.Error](err)
	return ok && e.Status == http.StatusNotFound
}

// WrapNotFound explains a 404 by before, the quoted value and after. The value may come
// from the alert, so logs leave it out. Other errors stay as they are.
func WrapNotFound(err error, before, value, after string) error {
	if IsNotFound(err) {
		return fault.NewRedacted(fault.Permanent, before, strconv.Quote(value), after, err)
	}
	return err
}

// defaultTimeout bounds the parts of a step that has no deadline.
const defaultTimeout = time.Minute

// PartTimeout is the time for the parts of a step: what is left for ctx, less a
// twentieth, so that the step can still return the parts that came in time.
func PartTimeout(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return defaultTimeout
	}
	left := time.Until(deadline)
	return left - left/20
}

// FormatTime writes a time as "21 Nov 16:00 UTC".
func FormatTime(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }

// Until writes when something ends: "until 21 Nov 16:00 UTC", or "indefinitely" when
// the time is zero.
func Until(t time.Time) string {
	if t.IsZero() {
		return "indefinitely"
	}
	return "until " + FormatTime(t)
}

// Times writes how often something happened: "once", "twice", "3 times".
func Times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// NameAndID writes a name with its identifier: "Shop (shop)", or the one that there is.
func NameAndID(name, id string) string {
	if name == "" || id == "" || name == id {
		return cmp.Or(name, id)
	}
	return fmt.Sprintf("%s (%s)", name, id)
}
