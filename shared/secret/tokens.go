package secret

import (
	"cmp"
	"context"

	"boomerang/shared/fault"
)

// Tokens checks the token of webhook requests. The current and the previous version of
// the secret are valid, so that Datadog can change its token after the secret does.
type Tokens struct{ *Cache[tokenVersions] }

// NewTokens returns the tokens in the secret with this name or ARN and the content
// {"token":"…"}.
func NewTokens(get GetSecretValue, id string, failed Failed) *Tokens {
	return &Tokens{newCache(get, id, fetchVersions, failed)}
}

// Check reports whether a token is valid. It refreshes the cache for an unknown token,
// so that a rotated token is valid at once. A token is wrong only if the secret was read
// after the token arrived, because Datadog never repeats what is answered 401. An answer
// from memory could refuse a token that became valid since.
//
// An error means that the token cannot be checked: answer 503. It is Temporary if no
// token can be checked, and Unverified if this one is unknown and the secret cannot be
// read again now, as during many requests with wrong tokens. It does not name the secret,
// because its reader has not shown a token.
func (t *Tokens) Check(ctx context.Context, token string) (bool, error) {
	if token == "" {
		return false, nil
	}
	valid, err := t.Get(ctx)
	if err != nil {
		return false, fault.New(fault.Temporary, textUnchecked, err)
	}
	if valid.accept(token) {
		return true, nil
	}
	valid, isLatest, err := t.Refresh(ctx, valid)
	if valid.accept(token) {
		return true, nil
	}
	if err = cmp.Or(err, valid.previousErr); err != nil || !isLatest {
		return false, &fault.Error{Kind: fault.Unverified, Public: textUnchecked, RetryAfter: refreshEvery, Cause: err}
	}
	return false, nil
}

const textUnchecked = "the token cannot be checked now; send the alert again"

// tokenVersions are the valid tokens. previous is empty if there is none, and
// previousErr says why it cannot be read.
type tokenVersions struct {
	current, previous Secret
	previousErr       error
}

// Equal implements Value.
func (v tokenVersions) Equal(other tokenVersions) bool {
	return v.current.Equal(other.current) && v.previous.Equal(other.previous) &&
		(v.previousErr == nil) == (other.previousErr == nil)
}

// accept compares with both versions in constant time.
func (v tokenVersions) accept(token string) bool {
	s := New(token)
	isCurrent, isPrevious := v.current.Equal(s), v.previous.Equal(s)
	return token != "" && (isCurrent || isPrevious) // An absent previous version is empty.
}

// fetchVersions reads the versions one after the other, because a second connection
// costs more than a round trip. An unreadable previous version is no error: the current
// token stays valid.
func fetchVersions(ctx context.Context, get GetSecretValue, id string) (tokenVersions, error) {
	token, err := fetchToken(ctx, get, byStage(id, current))
	if err != nil {
		return tokenVersions{}, err
	}
	before, err := fetchToken(ctx, get, byStage(id, previous))
	if err != nil && fault.From(err).Kind == fault.Permanent {
		err = nil // There is no previous version, or none with a token.
	}
	return tokenVersions{token, before, err}, nil
}
