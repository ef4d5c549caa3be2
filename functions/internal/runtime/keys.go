package runtime

import (
	"context"

	"boomerang/shared/datadog"
	"boomerang/shared/secret"
)

// keySource gives the Datadog client the keys from Secrets Manager.
type keySource struct {
	cache *secret.Cache[secret.DatadogKeys]
}

// Keys implements datadog.Credentials.
func (s keySource) Keys(ctx context.Context) (datadog.Keys, error) {
	keys, err := s.cache.Get(ctx)
	return reveal(keys), err
}

// Renew implements datadog.Credentials.
func (s keySource) Renew(ctx context.Context, stale datadog.Keys) (datadog.Keys, error) {
	used := secret.DatadogKeys{API: secret.New(stale.API), App: secret.New(stale.App)}
	keys, _, err := s.cache.Refresh(ctx, used)
	return reveal(keys), err
}

func reveal(keys secret.DatadogKeys) datadog.Keys {
	return datadog.Keys{API: keys.API.Reveal(), App: keys.App.Reveal()}
}
