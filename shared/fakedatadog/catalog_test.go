package fakedatadog_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

func entities(t *testing.T, s *fakedatadog.Server, query string) []string {
	t.Helper()
	var names []string
	for _, e := range dataOf[struct {
		Attributes struct{ Kind, Namespace, Name string }
	}](t, ask(t, s, "GET", "/api/v2/catalog/entity"+query, "").mustBe(t, 200).body) {
		names = append(names, e.Attributes.Kind+":"+e.Attributes.Namespace+"/"+e.Attributes.Name)
	}
	return names
}

func TestCatalog_List(t *testing.T) {
	s := newServer()
	for _, e := range []fakedatadog.Entity{
		{Metadata: fakedatadog.EntityMetadata{Name: "checkout", Owner: "old"}},
		{Metadata: fakedatadog.EntityMetadata{Name: "checkout", Namespace: "shop"}},
		{Kind: "datastore", Metadata: fakedatadog.EntityMetadata{Name: "checkout"}},
		{Metadata: fakedatadog.EntityMetadata{Name: "checkout", Owner: "shop"}},
	} {
		s.AddEntity(e)
	}
	for query, want := range map[string][]string{
		"":                                          {"service:default/checkout", "service:shop/checkout", "datastore:default/checkout"},
		"?filter%5Bref%5D=service:checkout":         {"service:default/checkout"},
		"?filter%5Bref%5D=Service:Checkout":         {"service:default/checkout"},
		"?filter%5Bref%5D=service:shop/checkout":    {"service:shop/checkout"},
		"?filter%5Bref%5D=checkout":                 {"service:default/checkout", "datastore:default/checkout"},
		"?filter%5Bref%5D=service:cart":             nil,
		"?page%5Blimit%5D=1&page%5Boffset%5D=1":     {"service:shop/checkout"},
		"?page%5Blimit%5D=9&page%5Boffset%5D=2":     {"datastore:default/checkout"},
		"?page%5Blimit%5D=9&page%5Boffset%5D=99999": nil,
	} {
		if diff := cmp.Diff(want, entities(t, s, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	ask(t, s, "GET", "/api/v2/catalog/entity?page%5Blimit%5D=many", "").mustBe(t, 400)
}

func TestCatalog_ListWithSchema(t *testing.T) {
	s := newServer()
	s.AddEntity(fakedatadog.Entity{
		Metadata: fakedatadog.EntityMetadata{Name: "checkout", DisplayName: "Checkout", Tags: []string{"a:b"}}, Spec: fakedatadog.EntitySpec{Tier: "1"},
	})
	without := ask(t, s, "GET", "/api/v2/catalog/entity", "").mustBe(t, 200).body
	if strings.Contains(without, `"included"`) || strings.Contains(without, `"relationships"`) {
		t.Errorf("unasked: %s", without)
	}
	with := decode[struct {
		Data []struct {
			ID            string
			Relationships struct {
				Schema struct{ Data struct{ ID, Type string } }
			}
		}
		Included []struct {
			ID, Type   string
			Attributes struct{ Schema fakedatadog.Entity }
		}
	}](t, ask(t, s, "GET", "/api/v2/catalog/entity?include=schema", "").mustBe(t, 200).body)
	schema := with.Included[0]
	if schema.ID != with.Data[0].Relationships.Schema.Data.ID || schema.Type != "schema" || schema.Attributes.Schema.Spec.Tier != "1" ||
		schema.Attributes.Schema.APIVersion != "v3" {
		t.Errorf("got %+v", with)
	}
}

func TestServiceDefinition_Get(t *testing.T) {
	s := newServer()
	s.AddServiceDefinition(fakedatadog.ServiceDefinition{Service: "check out", Team: "shop"})
	path := "/api/v2/services/definitions/" + url.PathEscape("check out")
	for query, version := range map[string]string{"": "v2.2", "?schema_version=v2.1": "v2.1"} {
		body := ask(t, s, "GET", path+query, "").mustBe(t, 200).body
		if !strings.Contains(body, `"schema":{"schema-version":"`+version+`","dd-service":"check out","team":"shop"}`) {
			t.Errorf("%q: %s", query, body)
		}
	}
	ask(t, s, "GET", "/api/v2/services/definitions/cart", "").mustBe(t, 404)
}
