package datadog

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const wholeEntity = `{"data":[
	{"id":"1","type":"entity","attributes":{"name":"checkout-api","owner":"another"}},
	{"id":"2","type":"entity","attributes":{"apiVersion":"v3","kind":"service","name":"checkout","displayName":"Checkout","owner":"shop"},
	 "relationships":{"schema":{"data":{"id":"2","type":"schema"}}}}],
	"included":[{"id":"1","type":"schema","attributes":{"schema":{"spec":{"tier":"9"}}}},
	{"id":"2","type":"schema","attributes":{"schema":{"apiVersion":"v3","kind":"service",
	 "metadata":{"name":"checkout","displayName":"old","description":"Takes the money","owner":"old","additionalOwners":[{"name":"pay","type":"team"},{"name":""}],
	  "contacts":[{"type":"slack","contact":"#shop"},{"name":"Mail","type":"email","contact":"shop@example.com"}],
	  "links":[{"name":"Restart","type":"runbook","url":"https://wiki.example/restart"}]},
	 "spec":{"tier":"1","lifecycle":"production","dependsOn":["service:pay"]},
	 "integrations":{"pagerduty":{"serviceURL":"https://pd.example"},"opsgenie":{"serviceURL":"https://og.example"}}}}}]}`

var noEntity = `{"data":[]}`

const wholeDefinition = `{"data":{"type":"service-definition","id":"77","attributes":{"schema":{"schema-version":"v2.2","dd-service":"checkout","team":"shop",
	"description":"Takes the money","tier":"1","lifecycle":"production","contacts":[{"type":"email","contact":"shop@example.com"}],
	"links":[{"name":"Restart","type":"runbook","url":"https://wiki.example/restart"}],
	"integrations":{"pagerduty":{"service-url":"https://pd.example"},"opsgenie":{"service-url":"https://og.example","region":"US"}}}}}}`

// catalog answers the two calls, by their paths.
func catalog(l *log, entity string, status int, definition string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		l.add(r)
		if strings.HasPrefix(r.URL.Path, "/api/v2/catalog/") {
			return respond(200, entity), nil
		}
		return respond(status, definition), nil
	}
}

func TestClient_Service(t *testing.T) {
	whole := Service{
		Name: "checkout", Description: "Takes the money", Owner: "shop", Tier: "1", Lifecycle: "production",
		Contacts:  []Contact{{Type: "email", Contact: "shop@example.com"}},
		Links:     []ServiceLink{{Name: "Restart", Type: "runbook", URL: "https://wiki.example/restart"}},
		PagerDuty: "https://pd.example", Opsgenie: "https://og.example",
	}
	entity := whole
	entity.DisplayName, entity.OtherOwners, entity.DependsOn = "Checkout", []string{"pay"}, []string{"service:pay"}
	entity.Contacts = []Contact{{Type: "slack", Contact: "#shop"}, {Name: "Mail", Type: "email", Contact: "shop@example.com"}}
	for name, tt := range map[string]struct {
		entity, definition string
		want               Service
		calls              int
	}{
		"the_catalog_has_it":                          {wholeEntity, "", entity, 1},
		"a_definition_has_it":                         {noEntity, wholeDefinition, whole, 2},
		"the_catalog_has_others":                      {`{"data":[{"attributes":{"name":"cart"}}]}`, wholeDefinition, whole, 2},
		"the_schema_is_missing":                       {`{"data":[{"attributes":{"name":"CHECKOUT","owner":"shop"}}]}`, "", Service{Name: "CHECKOUT", Owner: "shop"}, 1},
		"values_of_other_types_cost_themselves_alone": {`{"data":[{"attributes":{"name":"checkout","owner":7,"displayName":"C"}}],"included":7}`, "", Service{Name: "checkout", DisplayName: "C"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, catalog(&l, tt.entity, 200, tt.definition), keyring{}).Service(t.Context(), "checkout")
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("service (-want +got):\n%s%v", diff, err)
			}
			asked := []string{
				"https://api.datadoghq.com/api/v2/catalog/entity?filter%5Bref%5D=service%3Acheckout&include=schema",
				"https://api.datadoghq.com/api/v2/services/definitions/checkout?schema_version=v2.2",
			}[:tt.calls]
			var urls []string
			for _, r := range l.requests {
				urls = append(urls, r.url)
			}
			if diff := cmp.Diff(asked, urls); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClient_Service_that_nobody_knows(t *testing.T) {
	for name, calls := range map[string]int{"checkout": 2, "..": 1, "a/b": 1, "../../v1/validate": 1, "": 1, "a b?c=d#e%2f": 2} {
		t.Run(name, func(t *testing.T) {
			var l log
			_, err := clientOver(t, catalog(&l, noEntity, 404, `{"errors":["Not Found"],"error_details":[{}]}`), keyring{}).Service(t.Context(), name)
			if f, e := failure(t, err); e.Status != 404 || !strings.HasPrefix(f.Public, "Datadog's Software Catalog has no service ") {
				t.Errorf("error %+v, people are told %q", e, f.Public)
			}
			if len(l.requests) != calls {
				t.Errorf("%d calls, want %d: %+v", len(l.requests), calls, l.requests)
			}
		})
	}
}

func TestClient_Service_other_failures_of_the_definition_come_through(t *testing.T) {
	for status, want := range map[int]string{403: catalogRead, 503: "503", 200: "could not be read"} {
		_, err := clientOver(t, catalog(new(log), noEntity, status, `{"data":{}}`), keyring{}).Service(t.Context(), "checkout")
		if f, _ := failure(t, err); !strings.Contains(f.Public, want) {
			t.Errorf("people are told %q, want it to say %q", f.Public, want)
		}
	}
}
