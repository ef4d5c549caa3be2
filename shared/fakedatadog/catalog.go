package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The routes of the Software Catalog.
const (
	CatalogList          Route = "catalog.list"
	ServiceDefinitionGet Route = "service_definition.get"
)

// Entity is an entity of the Software Catalog as its owners define it, version 3
// (https://docs.datadoghq.com/internal_developer_portal/software_catalog/entity_model/).
type Entity struct {
	APIVersion   string         `json:"apiVersion"` // "v3".
	Kind         string         `json:"kind"`       // "service".
	Metadata     EntityMetadata `json:"metadata"`
	Spec         EntitySpec     `json:"spec"`
	Integrations map[string]any `json:"integrations,omitempty"`
}

// EntityMetadata says what an entity is called and whose it is.
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

// EntitySpec is what holds of services; the other kinds have other keys.
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

// catalog is an organisation's Software Catalog.
type catalog struct {
	entities    []Entity
	definitions map[string]ServiceDefinition
}

// AddEntity puts an entity into the Software Catalog, in the place of the one of
// the same reference.
func (s *Server) AddEntity(e Entity) {
	e.APIVersion, e.Kind = cmp.Or(e.APIVersion, "v3"), cmp.Or(e.Kind, "service")
	e.Metadata.Namespace = cmp.Or(e.Metadata.Namespace, "default")
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, had := range s.catalog.entities {
		if had.reference() == e.reference() {
			s.catalog.entities[i] = e
			return
		}
	}
	s.catalog.entities = append(s.catalog.entities, e)
}

// AddServiceDefinition puts a definition where only the older API finds it.
func (s *Server) AddServiceDefinition(d ServiceDefinition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.catalog.definitions == nil {
		s.catalog.definitions = map[string]ServiceDefinition{}
	}
	s.catalog.definitions[d.Service] = d
}

func (e Entity) reference() string {
	return e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name
}

// is reports whether ref names the entity. A reference may leave the namespace
// out, which is then the default one, and the kind.
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

func (c *catalog) routes() []route {
	return []route{
		{name: CatalogList, method: http.MethodGet, path: "/api/v2/catalog/entity", needs: bothKeys, handle: c.list},
		{name: ServiceDefinitionGet, method: http.MethodGet, path: "/api/v2/services/definitions/{service}", needs: bothKeys, handle: c.definition},
	}
}

// maxEntities is how many entities a page holds unless the caller wants fewer.
const maxEntities = 100

func (c *catalog) list(call call) answer {
	p := queryParams{Values: call.query}
	offset, limit := p.integer("page[offset]", false), p.integer("page[limit]", false)
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	matching := []Entity{}
	for _, e := range c.entities {
		if call.query.Has("filter[ref]") && !e.is(call.query.Get("filter[ref]")) {
			continue
		}
		matching = append(matching, e)
	}
	limit = cmp.Or(limit, maxEntities)
	self := fmt.Sprintf("/api/v2/catalog/entity?page%%5Blimit%%5D=%d&page%%5Boffset%%5D=", limit)
	shown := window(matching, offset, limit)
	data, included := []any{}, []any{}
	withSchema := call.query.Get("include") == "schema"
	for _, e := range shown {
		data = append(data, e.shown(withSchema, call.now))
		if withSchema {
			included = append(included, map[string]any{"id": e.id(), "type": "schema", "attributes": map[string]any{"schema": e}})
		}
	}
	body := map[string]any{
		"data":  data,
		"meta":  map[string]int{"count": len(shown), "includeCount": len(included)},
		"links": map[string]string{"self": self + fmt.Sprint(offset), "next": self + fmt.Sprint(offset+limit)},
	}
	if withSchema {
		body["included"] = included
	}
	return success(body).as(mediaVendor)
}

// id makes a UUID of the reference: an entity keeps its own.
func (e Entity) id() string { return uuidOf(e.reference()) }

func (e Entity) shown(withSchema bool, now time.Time) map[string]any {
	attributes := map[string]any{
		"apiVersion": e.APIVersion, "kind": e.Kind, "name": e.Metadata.Name, "namespace": e.Metadata.Namespace,
	}
	for key, value := range map[string]string{
		"displayName": e.Metadata.DisplayName, "description": e.Metadata.Description, "owner": e.Metadata.Owner,
	} {
		if value != "" {
			attributes[key] = value
		}
	}
	if len(e.Metadata.Tags) > 0 {
		attributes["tags"] = e.Metadata.Tags
	}
	stamp := now.UTC().Format(time.RFC3339)
	shown := map[string]any{
		"id": e.id(), "type": "entity", "attributes": attributes,
		"meta": map[string]string{"createdAt": stamp, "modifiedAt": stamp, "ingestionSource": "api", "origin": "unknown"},
	}
	if withSchema {
		shown["relationships"] = map[string]any{"schema": map[string]any{"data": map[string]string{"id": e.id(), "type": "schema"}}}
	}
	return shown
}

// definition answers under the version of the schema that the caller wants. Those
// from v2.1 on differ in no key that the stand-in has.
func (c *catalog) definition(call call) answer {
	found, exists := c.definitions[call.params["service"]]
	if !exists {
		body := map[string]any{"errors": []string{"Not Found"}, "error_details": []any{map[string]any{}}}
		return jsonAnswer(http.StatusNotFound, body)
	}
	ingested := cmp.Or(found.SchemaVersion, "v2.2")
	found.SchemaVersion = cmp.Or(call.query.Get("schema_version"), "v2.2")
	return success(map[string]any{"data": map[string]any{
		"type": "service-definition", "id": strings.ReplaceAll(uuidOf(found.Service), "-", ""),
		"attributes": map[string]any{
			"meta": map[string]any{
				"last-modified-time": call.now.UTC().Format(time.RFC3339), "github-html-url": "", "ingestion-source": "api",
				"origin": "unknown", "origin-detail": "", "warnings": []any{}, "ingested-schema-version": ingested,
			},
			"schema": found,
		},
	}})
}
