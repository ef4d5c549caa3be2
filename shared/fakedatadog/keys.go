package fakedatadog

import "net/http"

// access says which keys a route requires.
type access int

const (
	bothKeys access = iota
	apiKeyOnly
	public
)

// keys are the pair that Datadog accepts.
type keys struct{ api, app string }

// SetKeys changes the pair of keys that Datadog accepts, as if the old pair was
// revoked.
func (s *Server) SetKeys(apiKey, appKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys{api: apiKey, app: appKey}
}

// refusal answers a call without the right keys
// (https://docs.datadoghq.com/api/latest/authentication/). A wrong key and a missing API
// key are 403, a missing application key is 401.
func (k keys) refusal(c *call, required access) *answer {
	api, app := c.Header.Get("DD-API-KEY"), c.Header.Get("DD-APPLICATION-KEY")
	switch {
	case required == public:
	case api == "":
		return new(failure(http.StatusForbidden, "API key required"))
	case api != k.api, required == bothKeys && app != "" && app != k.app:
		return new(gatewayFailure(http.StatusForbidden))
	case required == bothKeys && app == "":
		return new(failure(http.StatusUnauthorized, "Unauthorized"))
	}
	return nil
}
