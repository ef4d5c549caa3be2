package secret

import (
	"context"
	"sync"
)

// Vault holds secrets whose whole content is one text, such as the tokens of
// APIs that playbooks ask. Each is fetched when it is first wanted, and cached as
// every other secret is.
type Vault struct {
	client  Client
	options Options

	mu     sync.Mutex
	caches map[string]*Cache[Text]
}

// NewVault returns a vault over all secrets that the role may read.
func NewVault(client Client, o Options) *Vault {
	return &Vault{client: client, options: o, caches: map[string]*Cache[Text]{}}
}

// Text returns the content of the secret that id names, by its name or its ARN.
// Errors are those of Cache.
func (v *Vault) Text(ctx context.Context, id string) (string, error) {
	text, err := v.cache(id).Get(ctx)
	return text.Reveal(), err
}

func (v *Vault) cache(id string) *Cache[Text] {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, ok := v.caches[id]
	if !ok {
		c = newCache(id, func(ctx context.Context) (Text, error) {
			content, err := fetch(ctx, v.client, id, current)
			return NewText(string(content)), err
		}, v.options)
		v.caches[id] = c
	}
	return c
}
