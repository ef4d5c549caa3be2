package fakedatadog

import (
	"cmp"
	"maps"
	"net/http"
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
		{name: ServiceDefinitionGet, pattern: "GET /api/v2/services/definitions/{id}", handle: s.getDefinition},
	}
}

// Entity is an entity of the Software Catalog, version 3
// (https://docs.datadoghq.com/internal_developer_portal/software_catalog/entity_model/).
type Entity struct {
	APIVersion string         `json:"apiVersion"` // "v3".
	Kind       string         `json:"kind"`       // "service".
	Metadata   EntityMetadata `json:"metadata"`
	Spec       EntitySpec     `json:"spec"`
}

// EntityMetadata names an entity and its owners.
type EntityMetadata struct {
	Name        string    `json:"name"`
	Namespace   string    `json:"namespace"`
	DisplayName string    `json:"displayName,omitempty"`
	Description string    `json:"description,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	Contacts    []Contact `json:"contacts,omitempty"`
	Links       []Link    `json:"links,omitempty"`
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
	Name string `json:"name"`
	Type string `json:"type"` // "runbook", "doc", "repo", "dashboard", "other", …
	URL  string `json:"url"`
}

// ServiceDefinition is the catalog's older form, version 2.2
// (https://docs.datadoghq.com/api/latest/service-definition/).
type ServiceDefinition struct {
	SchemaVersion string `json:"schema-version"`
	Service       string `json:"dd-service"`
	Team          string `json:"team,omitempty"`
}

// AddEntity adds an entity, or replaces the one with the same reference.
func (s *Server) AddEntity(e Entity) {
	e.APIVersion, e.Kind = cmp.Or(e.APIVersion, "v3"), cmp.Or(e.Kind, "service")
	e.Metadata.Namespace = cmp.Or(e.Metadata.Namespace, "default")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entities.put(e)
}

// AddServiceDefinition adds a definition that only the older API finds.
func (s *Server) AddServiceDefinition(d ServiceDefinition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.definitions.put(d)
}

func (e Entity) reference() string {
	return e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name
}

// is reports whether ref names the entity: kind:name in the default namespace, or
// kind:namespace/name.
func (e Entity) is(ref string) bool {
	return strings.EqualFold(ref, e.reference()) || strings.EqualFold(strings.Replace(ref, ":", ":default/", 1), e.reference())
}

func (s *Server) listEntities(c *call) answer {
	ref, withSchema := c.Get("filter[ref]"), c.includes("schema")
	data, included := []object{}, []object{}
	for _, e := range where(s.entities.all, func(e Entity) bool { return ref == "" || e.is(ref) }) {
		shown := e.shown(c.now)
		if withSchema {
			id := uuidOf(e.reference())
			shown["relationships"] = object{"schema": object{"data": reference{ID: id, Type: "schema"}}}
			included = append(included, object{"id": id, "type": "schema", "attributes": object{"schema": e}})
		}
		data = append(data, shown)
	}
	body := object{"data": data, "meta": object{"count": len(data), "includeCount": len(included)}}
	if withSchema {
		body["included"] = included
	}
	return success(body).as(mediaVendor)
}

func (e Entity) shown(now time.Time) object {
	attributes := object{
		"apiVersion": e.APIVersion, "kind": e.Kind, "name": e.Metadata.Name, "namespace": e.Metadata.Namespace,
		"displayName": e.Metadata.DisplayName, "description": e.Metadata.Description, "owner": e.Metadata.Owner,
	}
	maps.DeleteFunc(attributes, func(_ string, v any) bool { return v == "" })
	if len(e.Metadata.Tags) > 0 {
		attributes["tags"] = e.Metadata.Tags
	}
	return object{
		"id": uuidOf(e.reference()), "type": "entity", "attributes": attributes, "meta": object{"modifiedAt": now.UTC().Format(time.RFC3339)},
	}
}

// getDefinition answers with the version of the schema that the caller wants. Those
// from v2.1 on have the same keys here.
func (s *Server) getDefinition(c *call) answer {
	found, exists := s.definitions.get(c.PathValue("id"))
	if !exists {
		return jsonAnswer(http.StatusNotFound, object{"errors": []string{"Not Found"}, "error_details": []object{{}}})
	}
	found.SchemaVersion = cmp.Or(c.Get("schema_version"), "v2.2")
	return success(object{"data": object{
		"type": "service-definition", "id": uuidOf(found.Service), "attributes": object{"schema": found},
	}})
}
