package fakedatadog

import (
	"cmp"
	"net/http"
)

const (
	apiKeyHeader = "DD-API-KEY"
	appKeyHeader = "DD-APPLICATION-KEY"
	apiKeyParam  = "api_key"
	appKeyParam  = "application_key"
)

// access says which keys a route requires.
type access int

const (
	bothKeys access = iota
	apiKeyOnly
	public
)

// Validate is GET /api/v1/validate, which checks the API key
// (https://docs.datadoghq.com/api/latest/authentication/#validate-api-key).
const Validate Route = "validate"

func (s *Server) keyRoutes() []route {
	valid := func(*call) answer { return success(map[string]bool{"valid": true}) }
	return []route{{name: Validate, pattern: "GET /api/v1/validate", access: apiKeyOnly, handle: valid}}
}

// keys are the pair that Datadog accepts.
type keys struct{ api, app string }

// SetKeys changes the pair of keys that Datadog accepts, as if the old pair was
// revoked.
func (s *Server) SetKeys(apiKey, appKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys{api: apiKey, app: appKey}
}

// check returns the refusal of a call without the right keys. A wrong key and a
// missing API key are 403, a missing application key is 401.
func (k keys) check(c *call, required access) (refusal answer, ok bool) {
	api := cmp.Or(c.Header.Get(apiKeyHeader), c.Get(apiKeyParam))
	app := cmp.Or(c.Header.Get(appKeyHeader), c.Get(appKeyParam))
	switch {
	case required == public:
	case api == "":
		return failure(http.StatusForbidden, "API key required"), false
	case api != k.api:
		return gatewayFailure(http.StatusForbidden), false
	case required == apiKeyOnly:
	case app == "":
		return failure(http.StatusUnauthorized, "Unauthorized"), false
	case app != k.app:
		return gatewayFailure(http.StatusForbidden), false
	}
	return answer{}, true
}
