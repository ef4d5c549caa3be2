package secret

import (
	"context"
	"sync"
)

// DatadogKeys are the API key and the application key of a Datadog organization
// (https://docs.datadoghq.com/account_management/api-app-keys/).
type DatadogKeys struct {
	API, App Secret
}

// Equal reports whether both keys are equal.
func (k DatadogKeys) Equal(other DatadogKeys) bool {
	return k.API.Equal(other.API) && k.App.Equal(other.App)
}

// NewDatadogKeys returns a cache of the secret with this name or ARN and the content
// {"api_key":"…","app_key":"…"}.
func NewDatadogKeys(client Client, id string, o Options) *Cache[DatadogKeys] {
	return newCache(id, func(ctx context.Context) (DatadogKeys, error) {
		content, err := fetch(ctx, client, byStage(id, current))
		if err != nil {
			return DatadogKeys{}, err
		}
		keys, err := members(id, content, "api_key", "app_key")
		if err != nil {
			return DatadogKeys{}, err
		}
		return DatadogKeys{API: keys[0], App: keys[1]}, nil
	}, o)
}

// Store caches secrets whose whole content is one text, such as the tokens of APIs that
// playbooks call.
type Store struct {
	client  Client
	options Options

	mu     sync.Mutex
	caches map[string]*Cache[Secret]
}

// NewStore returns a store of all secrets that the role can read.
func NewStore(client Client, o Options) *Store {
	return &Store{client: client, options: o, caches: map[string]*Cache[Secret]{}}
}

// Text returns the content of the secret with this name or ARN. Errors are those of
// Cache.
func (s *Store) Text(ctx context.Context, id string) (string, error) {
	text, err := s.cache(id).Get(ctx)
	return text.Reveal(), err
}

func (s *Store) cache(id string) *Cache[Secret] {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.caches[id]
	if !ok {
		c = newCache(id, func(ctx context.Context) (Secret, error) {
			content, err := fetch(ctx, s.client, byStage(id, current))
			return New(string(content)), err
		}, s.options)
		s.caches[id] = c
	}
	return c
}
