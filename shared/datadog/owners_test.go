package datadog

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
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

const noEntity = `{"data":[]}`

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
		"in the catalog":        {wholeEntity, "", entity, 1},
		"as a definition":       {noEntity, wholeDefinition, whole, 2},
		"others in the catalog": {`{"data":[{"attributes":{"name":"cart"}}]}`, wholeDefinition, whole, 2},
		"no schema":             {`{"data":[{"attributes":{"name":"CHECKOUT","owner":"shop"}}]}`, "", Service{Name: "CHECKOUT", Owner: "shop"}, 1},
		"values of other types": {`{"data":[{"attributes":{"name":"checkout","owner":7,"displayName":"C"}}],"included":7}`, "", Service{Name: "checkout", DisplayName: "C"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, catalog(&l, tt.entity, 200, tt.definition), keyring{}).Service(t.Context(), "checkout")
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" || len(l.requests) != tt.calls {
				t.Errorf("%d calls, service (-want +got):\n%s%v", len(l.requests), diff, err)
			}
		})
	}
}

func TestClient_Service_NotFound(t *testing.T) {
	for name, calls := range map[string]int{"checkout": 2, "..": 1, "a/b": 1, "../../v1/validate": 1, "": 1, "a b?c=d#e%2f": 2} {
		var l log
		_, err := clientOver(t, catalog(&l, noEntity, 404, `{"errors":["Not Found"],"error_details":[{}]}`), keyring{}).Service(t.Context(), name)
		if f, _ := failure(t, err); !IsNotFound(err) || !strings.HasPrefix(f.Public, "Datadog's Software Catalog has no service ") || len(l.requests) != calls {
			t.Errorf("%q: %d calls, want %d; public text %q", name, len(l.requests), calls, f.Public)
		}
	}
}

func TestClient_Service_DefinitionError(t *testing.T) {
	for status, want := range map[int]string{403: catalogRead, 503: "503", 200: "unreadable"} {
		_, err := clientOver(t, catalog(new(log), noEntity, status, `{"data":{}}`), keyring{}).Service(t.Context(), "checkout")
		if f, _ := failure(t, err); !strings.Contains(f.Public, want) {
			t.Errorf("the public text is %q, want %q", f.Public, want)
		}
	}
}

func TestClient_Team(t *testing.T) {
	const others = `{"id":"1","attributes":{"handle":"shop-eu","name":"shop"}},{"id":"","attributes":{"handle":"shop"}},`
	for name, tt := range map[string]struct {
		body string
		want Team
	}{
		"by handle": {`{"data":[` + others + `{"id":"2","attributes":{"handle":"Shop","name":"The shop"}}]}`, Team{"2", "Shop", "The shop"}},
		"by name":   {`{"data":[` + others + `7]}`, Team{"1", "shop-eu", "shop"}},
		"similar":   {`{"data":[{"id":"1","attributes":{"handle":"shop-eu","name":"Shop EU"}}]}`, Team{}},
		"none":      {`{"data":[]}`, Team{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).Team(t.Context(), "shop")
			if got != tt.want || IsNotFound(err) != (tt.want == Team{}) {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
			if err != nil && fault.Public(err) != `Datadog has no team "shop"` {
				t.Errorf("the public text is %q", fault.Public(err))
			}
		})
	}
}

func TestClient_OnCall_InvalidID(t *testing.T) {
	for _, id := range []string{"", "..", "a/b"} {
		var l log
		_, err := clientOver(t, l.answering(200, wholeAnswer), keyring{}).OnCall(t.Context(), id)
		if failure(t, err); len(l.requests) > 0 {
			t.Errorf("sent %+v", l.requests)
		}
	}
}

func TestClient_Dependencies(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]Entity, error) { return c.Dependencies(ctx, "checkout") }, cases[[]Entity]{
		"several": {
			`{"data":[{"id":"1","type":"relation","attributes":{"from":{"kind":"service","name":"checkout","namespace":"default"},"to":{"kind":"service","name":"payments","namespace":"default"},"type":"RelationTypeDependsOn"}},
			  {"attributes":{"to":{"kind":"datastore","name":"orders"}}},{"attributes":{"to":null}}],"links":{"next":"/api/v2/catalog/relation"}}`,
			[]Entity{{"service", "payments"}, {"datastore", "orders"}, {}},
		},
	})
}

func TestClient_OnCall(t *testing.T) {
	ada, bob := User{"Ada", "ada@example.com"}, User{"", "bob@example.com"}
	const users = `{"id":"a","type":"users","attributes":{"name":"Ada","email":"ada@example.com","status":"active"}},
		{"id":"b","type":"users","attributes":{"name":null,"handle":"bob@example.com"}}`
	testDecode(t, func(ctx context.Context, c *Client) (OnCall, error) { return c.OnCall(ctx, "7") }, cases[OnCall]{
		"responders and steps": {
			`{"data":{"id":"7-1","type":"team_oncall_responders","relationships":{
				"responders":{"data":[{"id":"b","type":"users"},{"id":"gone","type":"users"}]},
				"escalations":{"data":[{"id":"s2","type":"escalation_policy_steps"},{"id":"s1","type":"escalation_policy_steps"}]}}},
			  "included":[` + users + `,
				{"id":"s1","type":"escalation_policy_steps","relationships":{"responders":{"data":[{"id":"a","type":"users"},{"id":"b","type":"users"}]}}},
				{"id":"s2","type":"escalation_policy_steps","relationships":{"responders":{"data":[{"id":"a","type":"users"}]}}}]}`,
			OnCall{[]User{bob}, [][]User{{ada}, {ada, bob}}},
		},
		"no responders":    {`{"data":{"id":"7-1","relationships":{"responders":{"data":[]},"escalations":{"data":[]}}}}`, OnCall{}},
		"nulls":            {`{"data":{"id":"7-1","relationships":{"responders":null,"escalations":{"data":null}}},"included":null}`, OnCall{}},
		"nothing included": {`{"data":{"id":"7-1","relationships":{"responders":{"data":[{"id":"a","type":"users"}]},"escalations":{"data":[{"id":"s"}]}}}}`, OnCall{}},
	})
}
