package secret

import (
	"context"

	"boomerang/shared/fault"
)

// Tokens says whether the token that came with a webhook request is ours. Both
// the current version of the secret and the one before it are, so that Datadog
// and the secret need not change at the same moment.
type Tokens struct {
	cache *Cache[pair]
}

// NewTokens returns the tokens of the secret that id names, by its name or its
// ARN, and whose content is {"token":"…"}.
func NewTokens(client Client, id string, o Options) *Tokens {
	return &Tokens{newCache(id, func(ctx context.Context) (pair, error) {
		return fetchPair(ctx, client, id)
	}, o)}
}

// Start is Cache.Start.
func (t *Tokens) Start(ctx context.Context) { t.cache.Start(ctx) }

// Ready is Cache.Ready.
func (t *Tokens) Ready(ctx context.Context) error { return t.cache.Ready(ctx) }

// Check reports whether presented is a token of ours. One that is not makes it
// look once whether there is a new one, so that a rotated token is known at once;
// an empty one is refused unseen. Cache.Refresh limits those looks: under a hail
// of wrong tokens a new one is known within five seconds, so give it to Secrets
// Manager first and to Datadog after that.
//
// An error means that nobody can tell, because Secrets Manager fails or the
// secret is wrong. It is always fault.Temporary and its text names nothing of
// ours, since whoever reads it has not shown a token: answer it with 503, never
// with 401.
func (t *Tokens) Check(ctx context.Context, presented string) (bool, error) {
	if presented == "" {
		return false, nil
	}
	seen, err := t.cache.Get(ctx)
	if err != nil {
		return false, unknown(err)
	}
	if seen.accepts(presented) {
		return true, nil
	}
	fresh, err := t.cache.Refresh(ctx, seen)
	switch {
	case err != nil:
		return false, unknown(err)
	case fresh.accepts(presented):
		return true, nil
	case fresh.unread != nil:
		return false, unknown(fresh.unread)
	}
	return false, nil
}

func unknown(cause error) error {
	return fault.New(fault.Temporary, "the token cannot be checked right now: try again", cause)
}

// pair is what the secret holds: previous is empty when there is none, and unread
// says why it could not be read when there may be one.
type pair struct {
	current, previous Text
	unread            error
}

// Equal reports whether both know the same.
func (p pair) Equal(other pair) bool {
	return p.current.Equal(other.current) && p.previous.Equal(other.previous) &&
		(p.unread == nil) == (other.unread == nil)
}

// accepts compares with both, in constant time: not even which one it was shows.
// The guard is for previous, which is empty when there is none.
func (p pair) accepts(presented string) bool {
	text := NewText(presented)
	isCurrent, isPrevious := p.current.Equal(text), p.previous.Equal(text)
	return presented != "" && (isCurrent || isPrevious)
}

// fetchPair asks for one version after the other: side by side they would need
// two connections, and a second TLS handshake costs more than a round trip.
// Without the current token it fails. Without the previous one it does not, for
// then a lost key or a fault would lock out the token that matters.
func fetchPair(ctx context.Context, client Client, id string) (pair, error) {
	token, err := fetchToken(ctx, client, id, current)
	if err != nil {
		return pair{}, err
	}
	before, err := fetchToken(ctx, client, id, previous)
	if err != nil && !isAbsent(err) {
		return pair{current: token, unread: err}, nil
	}
	return pair{current: token, previous: before}, nil
}

// isAbsent reports whether err says for certain that there is no such token: a
// secret that was never rotated has no previous version, and one whose previous
// version is wrong in itself has none to offer.
func isAbsent(err error) bool { return fault.From(err).Kind == fault.Permanent }

func fetchToken(ctx context.Context, client Client, id, stage string) (Text, error) {
	content, err := fetch(ctx, client, id, stage)
	if err != nil {
		return Text{}, err
	}
	values, err := texts(id, content, "token")
	if err != nil {
		return Text{}, err
	}
	return values[0], nil
}
