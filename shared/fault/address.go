package fault

import (
	"errors"
	"net/url"
)

// WithoutAddress returns why a request failed. What package net/http says of it shows
// the whole address besides, and with it what an alert or a secret put there.
func WithoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
