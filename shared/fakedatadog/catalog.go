package fakedatadog

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The routes of the Software Catalog
// (https://docs.datadoghq.com/api/latest/software-catalog/).
const (
	CatalogList          Route = "catalog.list"
	ServiceDefinitionGet Route = "service_definition.get"
)

func (s *Server) catalogRoutes() []route {
	return []route{
		{name: CatalogList, pattern: "GET /api/v2/catalog/entity", handle: s.listEntities},
		{name: ServiceDefinitionGet, pattern: "GET /api/v2/services/definitions/{service}", handle: s.getDefinition},
	}
}

// Entity is an entity of the Software Catalog, version 3
// (https://docs.datadoghq.com/internal_developer_portal/software_catalog/entity_model/).
type Entity struct {
	APIVersion   string         `json:"apiVersion"` // "v3".
	Kind         string         `json:"kind"`       // "service".
	Metadata     EntityMetadata `json:"metadata"`
	Spec         EntitySpec     `json:"spec"`
	Integrations map[string]any `json:"integrations,omitempty"`
}

// EntityMetadata names an entity and its owners.
type EntityMetadata struct {
	Name             string        `json:"name"`
	Namespace        string        `json:"namespace"`
	DisplayName      string        `json:"displayName,omitempty"`
	Description      string        `json:"description,omitempty"`
	Owner            string        `json:"owner,omitempty"`
	AdditionalOwners []EntityOwner `json:"additionalOwners,omitempty"`
	Tags             []string      `json:"tags,omitempty"`
	Contacts         []Contact     `json:"contacts,omitempty"`
	Links            []Link        `json:"links,omitempty"`
}

// EntityOwner is a further owner of an entity.
type EntityOwner struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// EntitySpec is that of a service; the other kinds have other keys.
type EntitySpec struct {
	Type      string   `json:"type,omitempty"`
	Tier      string   `json:"tier,omitempty"`
	Lifecycle string   `json:"lifecycle,omitempty"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// Contact is a way to reach an owner.
type Contact struct {
	Name    string `json:"name,omitempty"`
	Type    string `json:"type"` // "email", "slack", …
	Contact string `json:"contact"`
}

// Link is a page about a service.
type Link struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // "runbook", "doc", "repo", "dashboard", "other", …
	Provider string `json:"provider,omitempty"`
	URL      string `json:"url"`
}

// ServiceDefinition is the catalog's older form, version 2.2
// (https://docs.datadoghq.com/api/latest/service-definition/).
type ServiceDefinition struct {
	SchemaVersion string         `json:"schema-version"`
	Service       string         `json:"dd-service"`
	Team          string         `json:"team,omitempty"`
	Description   string         `json:"description,omitempty"`
	Tier          string         `json:"tier,omitempty"`
	Lifecycle     string         `json:"lifecycle,omitempty"`
	Contacts      []Contact      `json:"contacts,omitempty"`
	Links         []Link         `json:"links,omitempty"`
	Tags          []string       `json:"tags,omitempty"`
	Integrations  map[string]any `json:"integrations,omitempty"`
	Extensions    map[string]any `json:"extensions,omitempty"`
}

// AddEntity adds an entity, or replaces the one with the same reference.
func (s *Server) AddEntity(e Entity) {
	e.APIVersion, e.Kind = cmp.Or(e.APIVersion, "v3"), cmp.Or(e.Kind, "service")
	e.Metadata.Namespace = cmp.Or(e.Metadata.Namespace, "default")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entities = replaceOrAppend(s.entities, e, Entity.reference)
}

// AddServiceDefinition adds a definition that only the older API finds.
func (s *Server) AddServiceDefinition(d ServiceDefinition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.definitions[d.Service] = d
}

func replaceOrAppend[T any](all []T, v T, key func(T) string) []T {
	if i := slices.IndexFunc(all, func(other T) bool { return key(other) == key(v) }); i >= 0 {
		all[i] = v
		return all
	}
	return append(all, v)
}

func (e Entity) reference() string {
	return e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name
}

// is reports whether ref names the entity. A reference without a namespace is in the
// default one; one without a kind is of any.
func (e Entity) is(ref string) bool {
	kind, name, hasKind := strings.Cut(ref, ":")
	if !hasKind {
		kind, name = e.Kind, ref
	}
	if !strings.Contains(name, "/") {
		name = "default/" + name
	}
	return strings.EqualFold(kind+":"+name, e.reference())
}

func (s *Server) listEntities(c *call) answer {
	offset, limit := c.integer("page[offset]", 0), c.integer("page[limit]", 100)
	withSchema := c.Get("include") == "schema"
	matching := slices.DeleteFunc(slices.Clone(s.entities), func(e Entity) bool {
		return c.Has("filter[ref]") && !e.is(c.Get("filter[ref]"))
	})
	data, included := []any{}, []any{}
	for _, e := range window(matching, offset, limit) {
		shown := e.shown(c.now)
		if withSchema {
			shown["relationships"] = object{"schema": object{"data": reference{ID: e.id(), Type: "schema"}}}
			included = append(included, object{"id": e.id(), "type": "schema", "attributes": object{"schema": e}})
		}
		data = append(data, shown)
	}
	page := func(offset int64) string {
		return fmt.Sprintf("/api/v2/catalog/entity?page%%5Blimit%%5D=%d&page%%5Boffset%%5D=%d", limit, offset)
	}
	body := object{
		"data": data, "meta": object{"count": len(data), "includeCount": len(included)},
		"links": object{"self": page(offset), "next": page(offset + limit)},
	}
	if withSchema {
		body["included"] = included
	}
	return success(body).as(mediaVendor)
}

func (e Entity) id() string { return uuidOf(e.reference()) }

func (e Entity) shown(now time.Time) object {
	attributes := object{
		"apiVersion": e.APIVersion, "kind": e.Kind, "name": e.Metadata.Name, "namespace": e.Metadata.Namespace,
		"displayName": e.Metadata.DisplayName, "description": e.Metadata.Description, "owner": e.Metadata.Owner,
	}
	maps.DeleteFunc(attributes, func(_ string, v any) bool { return v == "" })
	if len(e.Metadata.Tags) > 0 {
		attributes["tags"] = e.Metadata.Tags
	}
	changed := now.UTC().Format(time.RFC3339)
	return object{
		"id": e.id(), "type": "entity", "attributes": attributes,
		"meta": object{"createdAt": changed, "modifiedAt": changed, "ingestionSource": "api", "origin": "unknown"},
	}
}

// getDefinition answers with the version of the schema that the caller wants. Those
// from v2.1 on have the same keys here.
func (s *Server) getDefinition(c *call) answer {
	found, exists := s.definitions[c.PathValue("service")]
	if !exists {
		return jsonAnswer(http.StatusNotFound, object{"errors": []string{"Not Found"}, "error_details": []object{{}}})
	}
	ingested := cmp.Or(found.SchemaVersion, "v2.2")
	found.SchemaVersion = cmp.Or(c.Get("schema_version"), "v2.2")
	return success(object{"data": object{
		"type": "service-definition", "id": strings.ReplaceAll(uuidOf(found.Service), "-", ""),
		"attributes": object{"schema": found, "meta": object{
			"last-modified-time": c.now.UTC().Format(time.RFC3339), "github-html-url": "", "ingestion-source": "api", "origin": "unknown",
			"origin-detail": "", "warnings": []any{}, "ingested-schema-version": ingested,
		}},
	}})
}
