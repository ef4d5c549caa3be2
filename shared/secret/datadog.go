package secret

import "context"

// DatadogKeys are the keys of a Datadog organisation: API to post events, App
// besides it to read (https://docs.datadoghq.com/account_management/api-app-keys/).
type DatadogKeys struct {
	API, App Text
}

// Equal reports whether both keys are the same.
func (k DatadogKeys) Equal(other DatadogKeys) bool {
	return k.API.Equal(other.API) && k.App.Equal(other.App)
}

// NewDatadogKeys returns a cache over the secret that id names, by its name or
// its ARN, and whose content is {"api_key":"…","app_key":"…"}.
func NewDatadogKeys(client Client, id string, o Options) *Cache[DatadogKeys] {
	return newCache(id, func(ctx context.Context) (DatadogKeys, error) {
		content, err := fetch(ctx, client, id, current)
		if err != nil {
			return DatadogKeys{}, err
		}
		keys, err := texts(id, content, "api_key", "app_key")
		if err != nil {
			return DatadogKeys{}, err
		}
		return DatadogKeys{API: keys[0], App: keys[1]}, nil
	}, o)
}
