package fakedatadog

import (
	"net/http"
	"net/url"
)

const (
	apiKeyHeader = "DD-API-KEY"
	appKeyHeader = "DD-APPLICATION-KEY"
	apiKeyParam  = "api_key"
	appKeyParam  = "application_key"
)

// needs says what a caller of a route must show.
type needs int

const (
	apiKey needs = 1 + iota
	bothKeys
)

// Validate checks the API key: GET /api/v1/validate.
const Validate Route = "validate"

// validateRoutes is the family of one, which is nothing but the check of its key
// (https://docs.datadoghq.com/api/latest/authentication/#validate-api-key).
func validateRoutes() []route {
	return []route{{
		name: Validate, method: http.MethodGet, path: "/api/v1/validate", needs: apiKey,
		handle: func(call) answer { return success(map[string]bool{"valid": true}) },
	}}
}

// keys are the pair that Datadog accepts at the moment.
type keys struct{ api, app string }

// check returns the refusal that a caller without the right keys gets. A wrong
// key and a missing API key are 403, a missing application key is 401.
func (k keys) check(r *http.Request, need needs) (refusal answer, passed bool) {
	switch need {
	case apiKey, bothKeys:
		query := r.URL.Query()
		api, app := carried(r, query, apiKeyHeader, apiKeyParam), carried(r, query, appKeyHeader, appKeyParam)
		switch {
		case api == "":
			return failure(http.StatusForbidden, "API key required"), false
		case api != k.api:
			return frontDoor(http.StatusForbidden), false
		case need == bothKeys && app == "":
			return failure(http.StatusUnauthorized, "Unauthorized"), false
		case need == bothKeys && app != k.app:
			return frontDoor(http.StatusForbidden), false
		}
	}
	return answer{}, true
}

// carried returns a key from its header or, as the API still allows, from the query.
func carried(r *http.Request, query url.Values, header, param string) string {
	if v := r.Header.Get(header); v != "" {
		return v
	}
	return query.Get(param)
}
