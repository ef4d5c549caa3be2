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

// The keys also have the names that others give them: the Datadog Lambda Extension and
// Forwarder (dd_api_key, https://docs.datadoghq.com/serverless/guide/), Datadog's environment
// variables (DD_API_KEY), and the rotation that Secrets Manager manages (apiKey, adminApiKey,
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/mes-partner-DatadogAdminKey.html).
var (
	apiKeyMember = member{"api_key", []string{"apikey", "ddapikey", "datadogapikey", "adminapikey"}}
	appKeyMember = member{"app_key", []string{
		"appkey", "ddappkey", "datadogappkey", "adminappkey", "applicationkey", "ddapplicationkey", "datadogapplicationkey",
	}}
)

// NewDatadogKeys returns a cache of the secret with this name or ARN and the content
// {"api_key":"…","app_key":"…"}.
func NewDatadogKeys(get GetSecretValue, id string, failed Failed) *Cache[DatadogKeys] {
	return newCache(get, id, fetchKeys, failed)
}

func fetchKeys(ctx context.Context, get GetSecretValue, id string) (DatadogKeys, error) {
	keys, err := fetchMembers(ctx, get, byStage(id, current), apiKeyMember, appKeyMember)
	if err != nil {
		return DatadogKeys{}, err
	}
	return DatadogKeys{API: keys[0], App: keys[1]}, nil
}

// Store caches secrets whose whole content is one text, such as the tokens of APIs that
// playbooks call.
type Store struct {
	get    GetSecretValue
	failed Failed

	mu     sync.Mutex
	caches map[string]*Cache[Secret]
}

// NewStore returns a store of all secrets that the role can read.
func NewStore(get GetSecretValue, failed Failed) *Store {
	return &Store{get: get, failed: failed, caches: map[string]*Cache[Secret]{}}
}

// Text returns the content of the secret with this name or ARN. Errors are those of
// Cache.
func (s *Store) Text(ctx context.Context, id string) (string, error) {
	s.mu.Lock()
	cache, ok := s.caches[id]
	if !ok {
		cache = newCache(s.get, id, fetchText, s.failed)
		s.caches[id] = cache
	}
	s.mu.Unlock()
	text, err := cache.Get(ctx)
	return text.Reveal(), err
}

func fetchText(ctx context.Context, get GetSecretValue, id string) (Secret, error) {
	content, err := fetch(ctx, get, byStage(id, current))
	return New(string(content)), err
}
